"""The health of the legacy systems."""
