"""A day of orders: put, watched, audited."""
