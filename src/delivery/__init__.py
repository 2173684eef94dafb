"""Brings the product into an environment: packaging, deployment, release, roles, supply chain."""
