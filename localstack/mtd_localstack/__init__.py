"""LocalStack plug-in of MTD: Lambda functions as processes, a loopback gateway, CloudFormation resource providers."""
