"""Folders and files that were ingested and are not there now: nothing of theirs is forgotten.

A share that is not mounted looks like an empty folder, or like none. Until a person says
otherwise, its documents are kept.
"""

import json
import os
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

from ingest.names import path_of, text_of
from ingest.scan import FoundFile
from rag_app.index.catalog.catalog import Catalog

STATE = "mounts"  # where the catalogue keeps the folders that were file systems of their own


def reason_away(place: Path) -> str:
    """Why nothing can be told of what it held; empty where that can be."""
    try:
        if not place.is_dir():
            return "" if os.path.lexists(place) else "is not there"
    except OSError:
        return ""  # it is, behind a closed door
    for _, folders, files in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(not name.startswith(".") for name in files):
            return ""
    return "is empty"


def known_mounts(catalog: Catalog, roots: Sequence[Path]) -> list[Path]:
    """Folders inside the roots that were file systems of their own."""
    mounts = map(path_of, json.loads(catalog.get(STATE) or "[]"))
    return [mount for mount in mounts if mount not in roots and _is_inside(mount, roots)]


def remember_mounts(catalog: Catalog, roots: Sequence[Path], mounts: Iterable[Path]) -> None:
    """Note those inside the roots as they are now."""
    new = {text_of(mount) for mount in mounts}

    def noted(kept: str | None) -> str:
        before = json.loads(kept or "[]")
        return json.dumps(sorted(new | {m for m in before if not _is_inside(path_of(m), roots)}))

    if new or catalog.get(STATE):
        catalog.change(STATE, noted)


def mounts_of(files: Iterable[FoundFile], roots: Sequence[Path]) -> set[Path]:
    """The folders below the roots in which another file system begins, and files lie."""
    device = cache(_device)
    usual = {device(root) for root in roots}
    folders = {file.path.parent for file in files if file.device not in usual}
    return {
        each
        for folder in folders
        for root in roots
        if folder.is_relative_to(root)
        for each in (folder, *folder.parents)
        if each.is_relative_to(root) and each != root and device(each) != device(each.parent)
    }


def _is_inside(path: Path, roots: Collection[Path]) -> bool:
    return any(path.is_relative_to(root) for root in roots)


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except OSError:
        return -1
