"""Step1X-3D's geometry for Rigshot: upstream's networks, with a loop, a surface extraction and a clean-up of our own.

Of these modules `request`, `picture`, `grid`, `mesh` and `weights` need no torch; `engine` ties all together.
"""
