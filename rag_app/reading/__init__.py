"""Reading: which sentences of the passages answer a question."""
