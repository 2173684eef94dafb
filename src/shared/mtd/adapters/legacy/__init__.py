"""The retailer's legacy systems over HTTP."""
