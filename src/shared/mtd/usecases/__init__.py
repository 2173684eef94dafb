"""One module for each thing that the system does: load, decide, commit. Use cases reach drivers through Protocols."""
