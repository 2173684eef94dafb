"""Amounts of tax documents by the SII's arithmetic: items, sums, rates, currencies, notes."""
