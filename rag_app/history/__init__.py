"""Answers that are kept: in files that can be checked again, and whole in conversations."""
