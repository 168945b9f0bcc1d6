"""Generation: a language model writes, and every sentence it writes is checked."""
