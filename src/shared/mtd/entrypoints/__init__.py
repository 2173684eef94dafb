"""From a Lambda event to a use case and back. Only this layer turns errors into statuses or batch failures."""
