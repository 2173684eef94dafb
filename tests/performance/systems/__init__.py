"""A connected system's state beside a built-in one."""
