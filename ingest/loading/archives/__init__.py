"""Archives, and files inside files."""
