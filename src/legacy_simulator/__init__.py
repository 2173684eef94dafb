"""Stand-ins for the retailer's four legacy systems, for both local backends. One process, one ledger."""
