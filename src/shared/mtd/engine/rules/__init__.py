"""The language of rules: its parser, its types, its evaluation, and timers."""
