"""Figures, warnings, reconciliations."""
