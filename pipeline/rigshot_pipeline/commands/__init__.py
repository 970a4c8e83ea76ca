"""The subcommands of rigshot that the pipeline brings."""
