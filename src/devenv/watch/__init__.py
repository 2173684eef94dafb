"""Saved code is served by the next call; a saved template is deployed afresh."""
