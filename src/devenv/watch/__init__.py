"""Serves saved code from the next call on, and deploys saved templates."""
