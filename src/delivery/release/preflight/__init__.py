"""What an account must have before a deployment into it can end well: asked, and each with its fix."""
