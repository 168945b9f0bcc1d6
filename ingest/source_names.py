"""What citations call each file: the path as it was given, and no two alike.

Where several were given by the same path, as `docs/a.md` in two projects, each is called by
its absolute path. A name stays as long as its file is there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ingest.scan import FoundFile
from rag_app.index.catalog.catalog import Entry


def named_as_before(files: Iterable[FoundFile], known: Mapping[str, Entry]) -> list[FoundFile]:
    """The files, called what the index calls them where it knows them."""
    named = []
    for file in files:
        entry = known.get(file.key)
        given = entry.file.given if entry else file.given
        source = entry.source if entry else file.source
        same = (file.source, file.given) == (source, given)
        named.append(file if same else replace(file, source=source, given=given))
    return named


def assign_sources(
    files: Sequence[FoundFile], entries: Iterable[Entry]
) -> tuple[list[FoundFile], dict[str, str]]:
    """The files, those given like another one called by their paths.

    Args:
        files: To be taken in.
        entries: Of all other files.

    Returns:
        The files in their order, and the sources of entries that change, by id.
    """
    others = list(entries)
    claims: dict[str, set[str]] = defaultdict(set)
    for file in files:
        claims[file.given].add(file.key)
    for entry in others:
        for name in {entry.file.given, entry.file.path} & claims.keys():
            claims[name].add(entry.file.path)
    shared = {name for name, keys in claims.items() if len(keys) > 1}
    told = [replace(f, source=f.key) if f.source in shared else f for f in files]
    called = {
        entry.id: entry.file.path
        for entry in others
        if entry.source in shared and entry.source != entry.file.path
    }
    # By a link that leads elsewhere today, one may be called as another one's path is.
    taken = {*called.values(), *(file.source for file in told)}
    called |= {e.id: e.file.path for e in others if e.source in taken and e.source != e.file.path}
    return told, called
