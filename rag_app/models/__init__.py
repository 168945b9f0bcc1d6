"""Everything that runs a neural network: embedding, reading, generating."""
