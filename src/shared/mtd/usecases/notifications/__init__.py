"""Mails to customers, and SES's reports of them."""
