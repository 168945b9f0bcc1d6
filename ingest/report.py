"""What became of every file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

Outcome = Literal["added", "updated", "renamed", "unchanged", "failed", "partial", "skipped"]
Stage = Literal["load", "chunk", "embed", "store"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; `rate` counts chunks embedded a second."""

    done: int
    files: int
    chunks: int
    rate: float
    source: str


@dataclass(slots=True)
class SyncReport:
    """Counts and reasons; every file under the paths is in exactly one of the outcomes."""

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
    stages: dict[Stage, float] = field(
        default_factory=lambda: {"load": 0.0, "chunk": 0.0, "embed": 0.0, "store": 0.0}
    )

    def note(self, outcome: Outcome, source: str, reason: str = "") -> None:
        """Count one file."""
        if outcome in {"failed", "partial", "skipped"}:
            getattr(self, outcome).append((source, reason))
        else:
            setattr(self, outcome, getattr(self, outcome) + 1)

    @contextmanager
    def timing(self, stage: Stage) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.stages[stage] += perf_counter() - begun

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
        }

    def __str__(self) -> str:
        counts = [
            ("added", self.added),
            ("updated", self.updated),
            ("renamed", self.renamed),
            ("unchanged", self.unchanged),
            ("removed", self.removed),
            ("partial", len(self.partial)),
            ("skipped", len(self.skipped)),
            ("failed", len(self.failed)),
        ]
        shown = ", ".join(f"{count} {name}" for name, count in counts if count) or "nothing to do"
        return (
            f"{self.files} files: {shown}; {self.chunks} chunks, {self.embedded} embedded, "
            f"{self.seconds:.1f} s"
        )
