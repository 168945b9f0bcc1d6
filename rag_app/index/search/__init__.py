"""What searches compare: exact nearest neighbours, and BM25."""
