"""What pages are made of: HTML from values, texts, styles and scripts."""
