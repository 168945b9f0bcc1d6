"""Measuring: retrieval, answers and chunks against data with known right answers."""
