"""Logs and metrics on their way to CloudWatch."""
