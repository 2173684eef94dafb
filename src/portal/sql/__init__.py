"""The portal's own named SQL, on its schema `portal`."""
