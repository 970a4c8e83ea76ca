"""The Telegram bot: photos in, animations out, over python-telegram-bot.

``rigshot telegram`` starts it (``command``). ``bot`` puts the parts together and runs them in one loop: ``inbox`` fetches updates and
loses none, ``talk`` answers messages, ``presses`` answers buttons, ``albums`` gathers several pictures, ``downloads``
fetches pictures, ``courier`` brings results, ``post`` sends and edits, ``menu`` publishes the commands.
"""
