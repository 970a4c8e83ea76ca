"""The gate: the only place where a person's bytes are decoded, in a child process with little memory, time and rights.

``door.admit`` looks at a path and hands back an open file; ``door.decode`` has a child turn that file into plain pixels.
What comes back is a block of raw pixels of a stated size and a small JSON, so that even a child that a hostile file has
taken over can hand the pipeline nothing but a strange picture. ``kinds`` tells formats apart by their first bytes,
``limits`` holds every limit with its reason; ``child``, ``loading`` and ``pixels`` run in the child alone. Nothing is
imported here: the child begins with this package, and numpy alone would double the time that it takes to start.
"""
