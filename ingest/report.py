"""What became of every file."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, TypeVar

Outcome = Literal["added", "updated", "renamed", "unchanged", "failed", "partial", "skipped"]
Stage = Literal["load", "chunk", "embed", "store"]
_Step = TypeVar("_Step")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        done: Files read.
        files: To be read.
        chunks: Embedded, which happens many at a time.
        rate: Chunks embedded a second.
        source: The file that is being read; empty after the last.
    """

    done: int
    files: int
    chunks: int
    rate: float
    source: str


@dataclass(slots=True)
class SyncReport:
    """Counts and reasons; every file under the paths is in exactly one of the outcomes.

    Of a run that was cancelled, the files that it did not come to are in none. `kept` are the
    documents of paths that are gone or empty, which are listed in `away` with the reason.
    """

    added: int = 0
    updated: int = 0
    renamed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    partial: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    files: int = 0
    chunks: int = 0
    embedded: int = 0
    seconds: float = 0.0
    cancelled: bool = False
    kept: int = 0
    away: list[tuple[str, str]] = field(default_factory=list)
    stages: dict[Stage, float] = field(
        default_factory=lambda: {"load": 0.0, "chunk": 0.0, "embed": 0.0, "store": 0.0}
    )

    @property
    def present(self) -> int:
        """How many files the index has the text of."""
        return self.added + self.updated + self.renamed + self.unchanged + len(self.partial)

    @property
    def status(self) -> int:
        """What the command exits with: 1 where a file failed, or a path is gone or empty."""
        return 1 if self.failed or self.away else 0

    @property
    def changes(self) -> int:
        """How many documents are not what they were before."""
        return self.added + self.updated + self.renamed + self.removed

    def note(self, outcome: Outcome, source: str, reason: str = "") -> None:
        """Count one file."""
        if outcome in {"failed", "partial", "skipped"}:
            getattr(self, outcome).append((source, reason))
        else:
            setattr(self, outcome, getattr(self, outcome) + 1)

    def note_away(self, path: str, reason: str, count: int) -> None:
        """Count the documents of a path that is gone or empty, and are kept all the same."""
        documents = f"its {count} documents are" if count > 1 else "its document is"
        cure = "bring it back, or let go of them with --remove-missing"
        self.kept += count
        self.away.append((path, f"{reason}; {documents} kept: {cure}"))

    @contextmanager
    def timing(self, stage: Stage) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.stages[stage] += perf_counter() - begun

    def timed(self, stage: Stage, steps: Iterable[_Step]) -> Iterator[_Step]:
        """The steps, while the time that each takes is added to a stage."""
        iterator = iter(steps)
        while True:
            with self.timing(stage):
                try:
                    step = next(iterator)
                except StopIteration:
                    return
            yield step

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        reasons = {
            name: [{"path": path, "reason": reason} for path, reason in getattr(self, name)]
            for name in ("failed", "partial", "skipped")
        }
        return {
            "added": self.added,
            "updated": self.updated,
            "renamed": self.renamed,
            "unchanged": self.unchanged,
            "removed": self.removed,
            **reasons,
            "files": self.files,
            "chunks": self.chunks,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 3),
            "stages": {stage: round(seconds, 3) for stage, seconds in self.stages.items()},
            "kept": self.kept,
            "away": [{"path": path, "reason": reason} for path, reason in self.away],
        }

    def __str__(self) -> str:
        counts = [
            ("added", self.added),
            ("updated", self.updated),
            ("renamed", self.renamed),
            ("unchanged", self.unchanged),
            ("removed", self.removed),
            ("kept", self.kept),
            ("partial", len(self.partial)),
            ("skipped", len(self.skipped)),
            ("failed", len(self.failed)),
        ]
        shown = ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing to do"
        return (
            f"{self.files} files: {shown}; {self.chunks} chunks, {self.embedded} embedded, "
            f"{self.seconds:.1f} s"
        )
