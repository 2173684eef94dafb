"""What the portal asks of the API and of AWS."""
