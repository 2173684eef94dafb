"""`mtd parity`: the same scenarios in several homes, recorded and compared field by field."""
