"""Tenants, and whom the connection acts for."""
