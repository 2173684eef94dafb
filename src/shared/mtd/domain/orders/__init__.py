"""The order of a UBL file or of the API, typed and checked."""
