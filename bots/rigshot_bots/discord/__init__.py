"""The Discord bot: photos in, animations out, over discord.py.

``rigshot discord`` starts it (``command``). ``bot`` is the client and runs everything in one loop: ``commands`` declares what the
menus show and ``translator`` in which words, ``publishing`` tells Discord about them, ``intake`` takes photos in, ``buttons``
answers presses, ``board`` keeps status messages, ``courier`` brings results, ``layout`` makes messages of answers.

Inside this package ``import discord`` is the library: imports are absolute.
"""
