"""The places that a build is deployed into."""
