"""Pictures of text, by OCR."""
