"""Trains the network that tells from a silhouette how a standing animal is turned."""
