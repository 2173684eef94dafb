"""Resource types that community LocalStack mocks or lacks."""
