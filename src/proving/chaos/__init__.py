"""Orders while everything is made to fail."""
