"""Tenants, and the tenant of the connection."""
