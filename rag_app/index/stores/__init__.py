"""Vector stores: Chroma and Qdrant behind one protocol."""
