"""The companies whose orders the system carries."""
