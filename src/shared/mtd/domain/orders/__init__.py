"""The order: what a UBL file or the API says, typed and checked."""
