"""Orders of the running instance: inbox, API, mails, replay."""
