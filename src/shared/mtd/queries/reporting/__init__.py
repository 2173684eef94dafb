"""The control room, statistics, warnings, reconciliations."""
