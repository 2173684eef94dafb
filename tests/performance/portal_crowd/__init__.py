"""Many people at the portal at once."""
