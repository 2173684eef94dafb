"""Connected systems over HTTP: which addresses may be called, with which credentials."""
