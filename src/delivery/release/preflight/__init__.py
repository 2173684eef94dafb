"""The conditions for a deployment into an account: each is checked, and each finding names its fix."""
