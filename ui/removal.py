"""Removing documents, with all that came of them."""

from collections.abc import Sequence

from ingest.names import path_of
from ingest.roots import same_place
from rag_app.index.catalog import Entry
from rag_app.index.index import Index
from ui.ingestion import Ingestion
from ui.uploads import discard, uploads_folder


def remove(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    """Forget documents with their passages and vectors, and delete those that were uploaded.

    Files of the same bytes elsewhere, which were found under these, are read in the background.

    Raises:
        RagError: Documents are being added, or the index cannot be written to.
        OSError: An uploaded file cannot be deleted.
    """
    gone = {entry.id: entry for entry in entries}
    paths = {entry.file.path for entry in entries}
    copies = [
        entry
        for entry in index.catalog.entries()
        if entry.same_as in paths and entry.id not in gone
    ]
    with ingestion.turns.take_now(), index.writing() as writer:
        writer.erase([*gone])
    for entry in entries:
        discard(uploads_folder(index.folder), path_of(entry.file.path))
    if not ingestion.running:
        ingestion.dismiss()  # what the last run added is old news
    if copies:
        alone = [same_place(entry.source, entry.file.path) for entry in copies]
        ingestion.start(alone, may_be_gone=True)
