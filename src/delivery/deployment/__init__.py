"""Deploys stacks from their templates."""
