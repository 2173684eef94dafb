"""What callers of the API say, checked."""
