"""Bulk operations and notes."""
