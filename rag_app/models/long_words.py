"""Words too long for a model's vocabulary, taken apart.

WordPiece looks no word up that has more than a hundred characters: hexadecimal dumps, encoded
pictures and scripts without blanks would be one unknown token, however long they are.
"""

import re
from itertools import pairwise
from typing import Any

# Each may become three, as the syllables of Korean do.
_PIECE = 16  # characters
# What a BERT takes for a word's end, or for a word of its own.
_ENDS = r"\s!-/:-@\[-`{-~\u2010-\u205e\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uff0f"


class LongWords:
    """Finds the words that a tokenizer does not know by their length alone."""

    def __init__(self, tokenizer: Any) -> None:
        """Of a tokenizer of the library `tokenizers`; other models than WordPiece know them all."""
        self._most = getattr(tokenizer.model, "max_input_chars_per_word", 0)
        self._long = re.compile(rf"[^{_ENDS}]{{{self._most + 1},}}")

    def cuts(self, text: str) -> list[int]:
        """Ascending offsets at which such words are taken apart."""
        # Hardly any text has one, and this tells so far sooner than the search.
        if not self._most or max(map(len, text.split()), default=0) <= self._most:
            return []
        found = self._long.finditer(text)
        return [at for word in found for at in range(word.start() + _PIECE, word.end(), _PIECE)]

    def apart(self, text: str) -> str:
        """The text with a blank at each of them."""
        cuts = self.cuts(text)
        return " ".join(text[a:b] for a, b in pairwise([0, *cuts, len(text)])) if cuts else text
