"""The mails that commits ask for."""
