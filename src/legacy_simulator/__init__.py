"""Stand-ins for the retailer's four legacy systems, for every home but AWS. One process, one ledger."""
