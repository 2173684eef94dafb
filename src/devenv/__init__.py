"""The developer environment: the `mtd` command behind the Makefile."""
