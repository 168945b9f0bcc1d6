"""Text formats: HTML, Markdown, EPUB, code and others."""
