"""A tax document as the SII reads it: its XML, its alphabet, the limits of its fields."""
