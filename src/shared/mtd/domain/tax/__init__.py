"""Chilean tax: RUTs, kinds of tax document, and their reconciliation."""
