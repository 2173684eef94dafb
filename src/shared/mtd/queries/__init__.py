"""The read side, for the API, the portal and the command `mtd`."""
