"""Clients of the API and of AWS."""
