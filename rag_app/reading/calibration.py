"""How sure a reader says it is, brought in line with how often it was right.

Platt's scaling (1999): a straight line over the log-odds. An index keeps its own, fitted by
`rag-app calibrate` on the documents in it.
"""

import json
import math
from dataclasses import asdict, dataclass
from typing import Self

from rag_app.errors import StoreError

STATE = "calibration"  # its name in the catalogue
_SUREST = 1e-6


@dataclass(frozen=True, slots=True)
class Calibration:
    """A line over log-odds; as it stands, nothing changes.

    Attributes:
        reader: Which reader it was fitted for; of another one it says nothing.
        scale: Above 1 where the reader was too modest, below where it was too sure.
        shift: Added afterwards.
    """

    reader: str = ""
    scale: float = 1.0
    shift: float = 0.0

    def __call__(self, chance: float) -> float:
        """The chance, 0…1, in line with what was seen."""
        return logistic(self.scale * log_odds(chance) + self.shift)

    def after(self, other: "Calibration") -> Self:
        """Both in one, the other first."""
        return type(self)(
            self.reader, self.scale * other.scale, self.scale * other.shift + self.shift
        )

    def dumps(self) -> str:
        """As the catalogue keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, kept: str | None, *, reader: str) -> Self:
        """What was kept, or none where that was nothing or for another reader.

        Raises:
            StoreError: What was kept is damaged.
        """
        if kept is None:
            return cls(reader)
        try:
            found = cls(**json.loads(kept))
            usable = math.isfinite(found.scale) and math.isfinite(found.shift)
        except (ValueError, TypeError) as error:
            raise StoreError(f"the calibration is damaged ({error}); calibrate again") from error
        return found if usable and found.reader == reader else cls(reader)


def log_odds(chance: float) -> float:
    """ln(p / (1 − p)), finite for every chance."""
    chance = min(max(chance, _SUREST), 1 - _SUREST)
    return math.log(chance / (1 - chance))


def logistic(odds: float) -> float:
    """1 / (1 + e⁻ˣ) for log-odds of any size."""
    return 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))
