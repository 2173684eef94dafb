"""Connected systems of a file: declared in an environment, and stood in for by the simulator."""
