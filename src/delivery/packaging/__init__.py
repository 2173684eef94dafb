"""Packages sources into the files of a deployment."""
