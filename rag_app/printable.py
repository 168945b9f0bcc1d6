"""Text of documents made fit to be shown: what cannot be printed becomes a space."""

import re

# Control characters, those that turn the direction of what follows (which could make one
# file name look like another), and halves of pairs as in file names that are not UTF-8.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text, of the same length, with spaces for what cannot be shown or sent."""
    return _UNPRINTABLE.sub(" ", text)
