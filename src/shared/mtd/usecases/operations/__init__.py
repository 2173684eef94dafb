"""What people do to orders: one at a time, and many at once."""
