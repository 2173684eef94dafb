"""From sources to what a deployment uploads."""
