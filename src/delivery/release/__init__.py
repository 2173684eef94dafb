"""A build on its way into an environment: gate, migration, traffic, proof."""
