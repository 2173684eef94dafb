"""Connected systems: what a team declares of one, and what its answers mean."""
