"""Files inside a file, an archive or a message: read like any other, within limits.

They become sections of the one document, each under its name, so that a citation leads
to the file the person knows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ingest.loading.extracted import Extracted, Member, TextBuilder
from rag_app.errors import LoadError

_DEEPEST = 3  # files inside files inside files
_MOST_NAMED = 20


@dataclass(slots=True)
class Budget:
    """What may yet be unpacked from one file on disk, however it is nested."""

    files: int = 1_000
    unpacked: int = 500 << 20  # bytes

    def take(self, member: Member) -> bytes:
        """The member's bytes.

        Raises:
            LoadError: It is over the limits.
        """
        if self.files < 1:
            raise LoadError("too many files in one; unpack it")
        if member.size > self.unpacked:
            raise LoadError("too large unpacked; unpack it")
        self.files -= 1
        self.unpacked -= member.size
        return member.read()


def with_members(
    extracted: Extracted, read: Callable[[str, bytes], Extracted], *, budget: Budget, depth: int
) -> Extracted:
    """The text followed by that of the members; those that cannot be read are named.

    Args:
        extracted: Text with members yet to be read.
        read: Extracts the text of a member from its name and bytes.
        budget: Shared by all members of the file on disk.
        depth: How many files this one lies inside.
    """
    builder = TextBuilder()
    builder.part(extracted)
    missing = [extracted.missing] if extracted.missing else []
    for member in extracted.members:
        try:
            if depth >= _DEEPEST:
                raise LoadError("too deep inside other files; unpack it")
            part = read(member.name, budget.take(member))
        except LoadError as error:
            missing.append(f"{member.name}: {error}")
            continue
        builder.section(member.name, part)
        if part.missing:
            missing.append(f"{member.name}: {part.missing}")
    built = builder.build(extracted.title)
    return replace(built, metadata=extracted.metadata, missing=_listed(missing))


def _listed(missing: list[str]) -> str:
    more = len(missing) - _MOST_NAMED
    return "; ".join(missing[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
