"""Templates, texts, formats, and the browser's files."""
