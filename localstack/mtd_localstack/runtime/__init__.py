"""Scripts run by the functions' interpreter, never imported by LocalStack: standard library and awslambdaric only."""
