"""Orders through the API, as a developer uses it."""
