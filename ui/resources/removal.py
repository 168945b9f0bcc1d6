"""Removing documents, with all that came of them."""

from collections.abc import Sequence

from ingest.names import path_of
from rag_app.index.catalog.catalog import Entry
from rag_app.index.index import Index
from ui.jobs.ingestion import Ingestion
from ui.uploads import discard, uploads_folder


def remove(entries: Sequence[Entry], index: Index, ingestion: Ingestion) -> None:
    """Forget documents with their passages and vectors, and delete those that were uploaded.

    Files of the same bytes elsewhere, which were found under these, inherit the text.

    Raises:
        RagError: Documents are being added, or the index cannot be written to.
        OSError: An uploaded file cannot be deleted.
    """
    with ingestion.turns.take_now(), index.writing() as writer:
        writer.erase([entry.id for entry in entries])
    for entry in entries:
        discard(uploads_folder(index.folder), path_of(entry.file.path))
    if not ingestion.running:
        ingestion.dismiss()  # what the last run added is old news
