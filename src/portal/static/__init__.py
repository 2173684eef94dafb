"""Our own style sheet and script."""
