"""What all sessions share: models, open indexes, uploads."""
