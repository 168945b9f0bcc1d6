"""The commands of `rag-app`; each takes the parsed arguments and returns the exit status."""
