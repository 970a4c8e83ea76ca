"""Writers of the files that people open elsewhere."""
