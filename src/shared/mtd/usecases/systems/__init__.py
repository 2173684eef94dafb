"""Connected systems: declared, tried, and called for orders."""
