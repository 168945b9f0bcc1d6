"""The browser pages: chat and library, and the command that serves them."""
