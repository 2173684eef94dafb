"""Mails to customers, and what SES tells of them afterwards."""
