"""People's tasks."""
