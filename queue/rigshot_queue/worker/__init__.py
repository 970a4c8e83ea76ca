"""The worker half: takes jobs from the line, has the pipeline make them in a child process, publishes what it made."""
