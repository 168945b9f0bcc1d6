"""The catalogue: documents, chunks and vectors in SQLite, which is the truth."""
