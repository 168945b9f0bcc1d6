"""What has to be done so that the index mirrors the paths: a comparison, no change yet."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from ingest.cancelling import stop_if
from ingest.missing_paths import known_mounts, mounts_of, reason_away
from ingest.names import path_of, text_of
from ingest.report import Outcome, SyncReport
from ingest.scan import FoundFile, Unreadable, locate, scan
from ingest.source_names import assign_sources, named_as_before
from rag_app.errors import ConfigError
from rag_app.index.catalog.catalog import Entry, FileState
from rag_app.index.index import Index
from rag_app.protocols import IsCancelled, never


class Looking(TypedDict, total=False):
    """How the paths are looked at.

    Attributes:
        rebuild: Every file is read again, also unchanged ones; known texts keep their vectors.
        may_be_gone: A path that nothing is known of is passed over, as while watching.
        remove_missing: The documents of a path that is gone or empty are removed too.
        follow_links: Links to files outside of the folders are followed.
    """

    rebuild: bool
    may_be_gone: bool
    remove_missing: bool
    follow_links: bool


@dataclass(frozen=True, slots=True)
class Work:
    """A file to be taken in, how it will be reported, and the entry of its former name."""

    file: FoundFile
    state: FileState
    outcome: Outcome
    replaces: Entry | None = None


@dataclass(slots=True)
class Plan:
    """What a run will do.

    Attributes:
        report: Counts everything that needs no work.
        reads: Files to be read.
        copies: Files of the same bytes as one that is read, or is in the index already.
        removed: Entries whose files are gone.
        touched: Unchanged files with another date.
        called: Sources of entries that change as others are given alike, by id.
        mounts: Folders below the paths that are file systems of their own.
    """

    report: SyncReport
    reads: list[Work] = field(default_factory=list)
    copies: list[Work] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)
    touched: list[tuple[Entry, FileState]] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)
    mounts: set[Path] = field(default_factory=set)


def plan(
    paths: Sequence[Path],
    index: Index,
    *,
    recipe: str,
    rebuild: bool = False,
    may_be_gone: bool = False,
    remove_missing: bool = False,
    follow_links: bool = False,
    cancelled: IsCancelled = never,
) -> Plan:
    """Compare the paths with the catalogue; see `sync`.

    Raises:
        ConfigError: A path neither exists nor has documents in the index, unless it may.
    """
    entries = {entry.file.path: entry for entry in index.catalog.entries()}
    roots = [locate(path) for path in paths]
    if not may_be_gone:
        _check(paths, roots, entries)
    there = [path for path in paths if _exists(path)]
    files, unreadable = scan(there, follow_links=follow_links, cancelled=cancelled)
    files = named_as_before(files, entries)
    planner = _Planner(entries, roots, recipe, rebuild, cancelled)
    if not remove_missing:
        # Looked at after the scan: a share may go away meanwhile.
        given = dict(zip(roots, paths, strict=True))
        mounts = known_mounts(index.catalog, roots)
        planner.keep(given | dict(zip(mounts, mounts, strict=True)))
    planned = planner.plan(files, unreadable)
    planned.mounts = mounts_of(files, roots) | planner.away.keys() - set(roots)
    return planned


def _check(paths: Sequence[Path], roots: Sequence[Path], entries: Mapping[str, Entry]) -> None:
    missing = [
        text_of(path)
        for path, root in zip(paths, roots, strict=True)
        if not _exists(path) and not any(_inside(key, root) for key in entries)
    ]
    if missing:
        raise ConfigError(f"no such file or folder: {', '.join(missing)}")


class _Planner:
    def __init__(
        self,
        entries: Mapping[str, Entry],
        roots: Sequence[Path],
        recipe: str,
        rebuild: bool,
        cancelled: IsCancelled,
    ) -> None:
        self._entries = entries
        self._roots = roots
        self._recipe = recipe
        self._rebuild = rebuild
        self._cancelled = cancelled
        self.away: dict[Path, str] = {}

    def keep(self, places: Mapping[Path, Path]) -> None:
        """Forget nothing of those that are away; each with the path that it was given by."""
        for place, given in places.items():
            if why := reason_away(place):
                shown = place if given == Path() else given
                self.away[place] = f"{text_of(shown)} {why}"

    def plan(self, files: Sequence[FoundFile], unreadable: Sequence[Unreadable]) -> Plan:
        planned = Plan(SyncReport(files=len(files) + len(unreadable)))
        for unread in unreadable:
            planned.report.note(unread.outcome, unread.source, unread.reason)
        missed = self._missed(files, unreadable)
        states = self._states(files, planned.report)
        holders = self._holders(missed, states)
        moved: dict[str, list[Entry]] = defaultdict(list)
        for entry in missed.values():
            if not _exists(path_of(entry.file.path)):
                moved[entry.file.digest].append(entry)
        gone = {k: e for k, e in missed.items() if any(_inside(k, root) for root in self._roots)}
        for file in files:
            if (state := states.get(file.key)) is None:
                continue
            known = self._entries.get(file.key)
            if known and self._stays(known, state, holders):
                self._note_unchanged(planned, known, file, state)
                continue
            before = moved[state.digest].pop() if not known and moved[state.digest] else None
            if before is not None:
                gone.pop(before.file.path, None)
            work = Work(file, state, self._outcome(known, state, before), before)
            (planned.copies if state.digest in holders else planned.reads).append(work)
            holders.setdefault(state.digest, file.key)
        planned.removed = self._told_gone(gone, planned.report)
        planned.report.removed = len(planned.removed)
        self._tell_apart(planned)
        return planned

    def _told_gone(self, gone: Mapping[str, Entry], report: SyncReport) -> list[Entry]:
        """Those that are gone for certain; what is away is kept, and named."""
        removed = []
        kept: Counter[Path] = Counter()
        for key, entry in gone.items():
            place = next((place for place in self.away if _inside(key, place)), None)
            if place is None:
                removed.append(entry)
            else:
                kept[place] += 1
        for place, count in kept.items():
            report.note_away(text_of(place), self.away[place], count)
        return removed

    def _tell_apart(self, planned: Plan) -> None:
        works = [*planned.reads, *planned.copies]
        if not works:
            return
        leaving = {entry.id for entry in planned.removed}
        leaving |= {work.replaces.id for work in works if work.replaces}
        leaving |= {self._entries[w.file.key].id for w in works if w.file.key in self._entries}
        others = (entry for entry in self._entries.values() if entry.id not in leaving)
        told, planned.called = assign_sources([work.file for work in works], others)
        named = [replace(work, file=file) for work, file in zip(works, told, strict=True)]
        reads = len(planned.reads)
        planned.reads, planned.copies = named[:reads], named[reads:]

    def _missed(
        self, files: Sequence[FoundFile], unreadable: Sequence[Unreadable]
    ) -> dict[str, Entry]:
        """Entries whose files were not found; what cannot be read now is not known to be gone."""
        present = {file.key for file in files}
        closed = [unread.path for unread in unreadable if unread.outcome == "failed"]
        return {
            key: entry
            for key, entry in self._entries.items()
            if key not in present and not any(_inside(key, path) for path in closed)
        }

    def _states(self, files: Sequence[FoundFile], report: SyncReport) -> dict[str, FileState]:
        """Each file as it is now; only those that look changed are read for their digest."""
        states = {}
        for file in files:
            known = self._entries.get(file.key)
            if known and self._is_current(known) and _looks_same(known, file):
                states[file.key] = known.file
                continue
            stop_if(self._cancelled)
            try:
                states[file.key] = file.state(cancelled=self._cancelled)
            except OSError as error:
                report.note("failed", file.source, error.strerror or str(error))
        return states

    def _holders(
        self, missed: Mapping[str, Entry], states: Mapping[str, FileState]
    ) -> dict[str, str]:
        """Digest → path of the file that has the text and will keep it."""
        holders = {}
        for key, entry in self._entries.items():
            state = states.get(key, entry.file)
            lasts = key not in missed or self._lies_elsewhere(key)
            has_text = entry.status in {"indexed", "partial"} and not entry.same_as
            if lasts and has_text and self._is_unchanged(entry, state):
                holders[state.digest] = key
        return holders

    def _lies_elsewhere(self, key: str) -> bool:
        return not any(_inside(key, root) for root in self._roots) and _exists(path_of(key))

    def _stays(self, known: Entry, state: FileState, holders: Mapping[str, str]) -> bool:
        held = not known.same_as or holders.get(state.digest) == known.same_as
        return held and self._is_unchanged(known, state)

    def _is_unchanged(self, known: Entry, state: FileState) -> bool:
        return self._is_current(known) and known.file.digest == state.digest

    def _is_current(self, entry: Entry) -> bool:
        return entry.recipe == self._recipe and not self._rebuild

    def _outcome(self, known: Entry | None, state: FileState, before: Entry | None) -> Outcome:
        if known is None:
            return "renamed" if before else "added"
        # The file it was a copy of is gone, and it stands in for that one.
        return "unchanged" if self._is_unchanged(known, state) else "updated"

    @staticmethod
    def _note_unchanged(planned: Plan, known: Entry, file: FoundFile, state: FileState) -> None:
        """A file that failed before and has not changed is not tried again, nor forgotten."""
        if known.file != state:
            planned.touched.append((known, state))
        if known.status == "indexed":
            planned.report.note("unchanged", file.source)
        else:
            planned.report.note(known.status, file.source, known.reason)


def _looks_same(entry: Entry, file: FoundFile) -> bool:
    known = entry.file
    return (known.size, known.modified, known.stamp) == (file.size, file.modified, file.stamp)


def _inside(key: str, root: Path) -> bool:
    return path_of(key).is_relative_to(root)


def _exists(path: Path) -> bool:
    """Whether it is there, for all that can be seen; a closed folder above it hides it."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where it may not look
