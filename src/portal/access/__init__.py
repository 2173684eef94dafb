"""Login, sessions and permissions."""
