"""A stack brought up from its template."""
