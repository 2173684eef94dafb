"""The supervisor of an instance and its child processes."""
