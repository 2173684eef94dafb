"""From the inbox to a registered order, and the waiting queue."""
