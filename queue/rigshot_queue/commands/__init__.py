"""The subcommands of ``rigshot`` that this room brings; each is cheap to import."""
