"""The workbench: what there is to see, to compare and to train of embeddings."""
