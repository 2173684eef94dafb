"""Commands about what is done to orders, and why."""
