"""Commands about the instance."""
