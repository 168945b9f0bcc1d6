"""Whether a scan of the paths would look at a place, without scanning them."""

import os
from collections.abc import Sequence
from pathlib import Path

from ingest.ignore import IGNORE_FILE, Rules
from ingest.scan import locate
from rag_app.errors import LoadError
from rag_app.index.catalog.catalog import CATALOGUE


class Scope:
    """What lies under the paths as things are now, and is no index, hidden or ignored."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._roots = [locate(path) for path in paths]
        self._known: dict[tuple[Path, Path], Rules | None] = {}

    def covers(self, path: Path, *, is_folder: bool) -> bool:
        """Whether a change of this file or folder can change what is found."""
        return any(self._covers(root, path, is_folder) for root in self._roots)

    def _covers(self, root: Path, path: Path, is_folder: bool) -> bool:
        if path == root or not path.is_relative_to(root):
            return path == root
        *folders, name = path.relative_to(root).parts
        folder, rules = root, self._enter(root, root, Rules())
        for inner in folders:
            inside = folder / inner
            if rules is None or _passed_over(inside, rules, is_folder=True):
                return False
            folder, rules = inside, self._enter(root, inside, rules)
        if rules is None:
            return False
        return name == IGNORE_FILE or not _passed_over(path, rules, is_folder=is_folder)

    def _enter(self, root: Path, folder: Path, rules: Rules) -> Rules | None:
        """What is ignored in the folder; None where it is an index."""
        # The rules depend on the root, from which they were gathered.
        if (root, folder) not in self._known:
            self._known[root, folder] = _rules_of(folder, rules)
        return self._known[root, folder]


def _rules_of(folder: Path, rules: Rules) -> Rules | None:
    if os.path.lexists(folder / CATALOGUE):
        return None
    try:
        return rules.within(str(folder))
    except LoadError:
        return rules  # the scan says what is wrong with it


def _passed_over(path: Path, rules: Rules, *, is_folder: bool) -> bool:
    return path.name.startswith(".") or rules.ignores(str(path), folder=is_folder)
