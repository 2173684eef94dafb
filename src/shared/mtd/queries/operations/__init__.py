"""Bulk operations and exceptions."""
