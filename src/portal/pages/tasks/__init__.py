"""People's tasks and their forms."""
