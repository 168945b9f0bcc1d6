"""Office files from before 2007, and RTF."""
