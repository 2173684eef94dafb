"""The control room, statistics, reconciliations, mail, the system."""
