"""Figures, early warnings, and the reconciliation of tax documents."""
