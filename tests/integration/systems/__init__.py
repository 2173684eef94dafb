"""Connected systems, over the API alone."""
