"""Commands about what is kept of orders: tax documents, events, personal data."""
