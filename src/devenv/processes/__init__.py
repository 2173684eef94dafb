"""Processes of this machine: started, owned, ended."""
