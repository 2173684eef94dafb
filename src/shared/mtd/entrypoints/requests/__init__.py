"""The requests of the API's callers, checked and typed."""
