"""Compares the grants of roles with the recorded calls."""
