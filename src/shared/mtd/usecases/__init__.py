"""One module a function: load, call the domain once, commit. Drivers are reached through `ports` alone."""
