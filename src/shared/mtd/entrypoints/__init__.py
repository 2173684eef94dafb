"""From a Lambda event to a use case and back; the only place that turns errors into statuses or batch failures."""
