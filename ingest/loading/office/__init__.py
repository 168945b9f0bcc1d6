"""Word, Excel, PowerPoint and OpenDocument files."""
