"""Trains the network that cuts a subject out of a photo; see README.md for the commands in their order."""
