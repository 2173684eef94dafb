"""Orders in the archive."""
