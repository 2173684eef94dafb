"""People's actions on orders: one at a time, and many at once."""
