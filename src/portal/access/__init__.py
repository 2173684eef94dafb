"""Who may log in, and see and do what."""
