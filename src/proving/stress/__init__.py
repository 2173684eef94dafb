"""Puts many orders, samples the system, audits the result, writes a report."""
