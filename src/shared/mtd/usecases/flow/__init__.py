"""How tokens move: leases, steps, retries, circuits, timers, failures."""
