"""Files inside a file, an archive or a message: read like any other, within limits.

They become sections of the one document, each under its name, so that a citation leads
to the file the person knows.
"""

import math
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic

from ingest.file_bytes import LARGEST
from ingest.loading.extracted import Extracted, Member, TextBuilder
from rag_app.errors import LoadError

LONGEST = 20_000_000  # characters of a text: ten thousand printed pages
_DEEPEST = 3  # files inside files inside files
_MOST_NAMED = 20
_SHARE = 0.8  # of the time for a file, until what is left of it is only named


def _nearly_ended() -> float:
    """Shortly before the system ends this process over the file; never where it does not."""
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    return monotonic() + _SHARE * left if left else math.inf


@dataclass(slots=True)
class Budget:
    """What may yet be read from one file on disk, however it is nested."""

    files: int = 10_000
    unpacked: int = 500 << 20  # bytes
    characters: int = LONGEST
    until: float = field(default_factory=_nearly_ended)  # by the monotonic clock

    def take(self, member: Member) -> bytes:
        """The member's bytes.

        Raises:
            LoadError: It is too large, or cannot be unpacked.
        """
        if member.size > min(LARGEST, self.unpacked):
            raise LoadError("too large unpacked; unpack it")
        self.files -= 1
        self.unpacked -= member.size
        try:
            return member.read()
        except (LoadError, MemoryError):
            raise
        except Exception as error:
            raise LoadError(f"damaged ({error or type(error).__name__})") from error

    def exhausted(self) -> str:
        """Why nothing more is read; empty while something may be."""
        if self.files < 1:
            return "too many files in one; unpack it"
        if self.characters < 1:
            return "too much text in one file; unpack it"
        return "takes too long to read; unpack it" if monotonic() > self.until else ""


def with_members(
    extracted: Extracted, read: Callable[[str, bytes], Extracted], *, budget: Budget, depth: int
) -> Extracted:
    """The text followed by that of the members; those that cannot be read are named.

    A member without a name is the file itself, compressed.

    Args:
        extracted: Text with members yet to be read.
        read: Extracts the text of a member from its name and bytes.
        budget: Shared by all members of the file on disk.
        depth: How many files this one lies inside.
    """
    builder = TextBuilder()
    builder.part(extracted)
    title = extracted.title
    missing = [extracted.missing] if extracted.missing else []
    for member in extracted.members:
        if reason := budget.exhausted():
            missing.append(f"{member.name} and what follows: {reason}")
            break
        try:
            if depth >= _DEEPEST:
                raise LoadError("too deep inside other files; unpack it")
            part = read(member.name, budget.take(member))
        except (LoadError, MemoryError) as error:
            missing.append(_named(member, str(error) or "needs too much memory; unpack it"))
            continue
        if not part.text.strip():
            missing.append(_named(member, part.missing or "holds no text"))
            continue
        builder.section(member.name, part)
        if part.missing:
            missing.append(_named(member, part.missing))
        if not member.name:
            title = title or part.title
    return replace(
        builder.build(),
        title=title,
        page_starts=extracted.page_starts if extracted.text.strip() else (),
        metadata=extracted.metadata,
        missing=listed_missing(missing),
    )


def _named(member: Member, reason: str) -> str:
    return f"{member.name}: {reason}" if member.name else reason


def listed_missing(missing: Sequence[str]) -> str:
    """What is missing, in one line, the first few named."""
    more = len(missing) - _MOST_NAMED
    return "; ".join(missing[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
