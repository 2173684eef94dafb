"""Packaging the templates and bringing a stack to stand: the same steps for LocalStack and for AWS."""
