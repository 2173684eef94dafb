"""Logging in, accounts, users."""
