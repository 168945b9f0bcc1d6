"""Retrieval: a question in, ranked chunks out."""
