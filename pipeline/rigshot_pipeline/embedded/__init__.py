"""The embedded engine: classical methods for every stage, on a CPU, without weights."""
