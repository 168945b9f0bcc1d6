"""Embedding models, by whatever computes them, and the files of all models."""
