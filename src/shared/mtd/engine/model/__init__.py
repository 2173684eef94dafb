"""The diagram as drawn, the plan that runs, and the tokens that move on it."""
