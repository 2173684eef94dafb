"""SES: bulk mail, and its mailbox simulator."""
