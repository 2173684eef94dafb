"""From sources to traffic: build once, review, migrate, move, watch, try, and take back. docs/adr/0014 has the why."""
