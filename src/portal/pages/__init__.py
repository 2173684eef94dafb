"""The pages: each takes a visit and gives a response."""
