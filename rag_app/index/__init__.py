"""The index on disk: a catalogue that is the truth, and vectors made from it."""
