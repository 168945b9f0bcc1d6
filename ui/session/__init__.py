"""What belongs to one visitor: the conversation, what was chosen, and the keys both are kept by."""
