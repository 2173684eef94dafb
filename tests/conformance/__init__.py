"""Programs that hold the product against what others drew: they need files that are no part of the repository."""
