"""Lists, search, one order's page, its tax document."""
