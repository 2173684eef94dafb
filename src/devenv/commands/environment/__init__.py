"""Commands for the instance: start and stop it, look into it."""
