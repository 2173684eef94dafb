"""What functions call against what their roles allow."""
