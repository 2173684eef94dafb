"""The picture of a process: as the file draws it, or laid out from left to right."""
