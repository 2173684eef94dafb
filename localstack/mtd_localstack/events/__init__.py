"""Event sources: queues, buckets, state machines."""
