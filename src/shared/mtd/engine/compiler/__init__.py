"""From a drawing to a plan: binding, compiling, lint, and the report of an import."""
