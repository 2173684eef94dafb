"""People's tasks and messages."""
