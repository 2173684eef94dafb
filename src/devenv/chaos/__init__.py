"""A run under injected faults: what is to go wrong and when, making it go wrong, and the audit of what is left."""
