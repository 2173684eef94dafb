"""The stress day: orders put by a schedule, the system watched meanwhile, everything counted afterwards."""
