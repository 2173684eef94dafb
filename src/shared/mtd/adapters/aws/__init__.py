"""AWS: boto3 clients made on first use, and requests signed by hand."""
