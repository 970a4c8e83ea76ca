"""The stages, one file each; plan.py puts them in their order."""
