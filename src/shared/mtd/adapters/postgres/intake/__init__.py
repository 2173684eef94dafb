"""Rejected files and waiting messages."""
