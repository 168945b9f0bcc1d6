"""Answers kept in a file, which can be checked again after the documents changed."""
