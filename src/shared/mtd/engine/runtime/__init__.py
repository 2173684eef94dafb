"""The interpreter: tokens and a trigger in, changes out."""
