"""One module per subcommand: `arguments(parser)` and `run(arguments, instance) -> exit code`."""
