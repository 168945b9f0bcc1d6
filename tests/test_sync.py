"""Ingestion: the index mirrors the folders, every file is accounted for, nothing is done twice."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.chunking import chunk
from ingest.loading.load import load
from ingest.report import Progress, SyncReport
from ingest.scan import scan
from ingest.sync import store, sync
from rag_app.commands.doctor import lost_chunks
from rag_app.errors import ConfigError
from rag_app.index.index import Index
from rag_app.index.index_fingerprint import Recipe
from rag_app.retrieval.retriever import Retriever
from tests.conftest import SAMPLES
from tests.fakes import HashEmbedder, a_document

COUNTED = ("added", "updated", "renamed", "unchanged")
_HOIST = (SAMPLES / "hoist-manual.pdf").read_bytes()
CUT_SHORT = _HOIST[: len(_HOIST) * 7 // 10]
BROKEN_ZIP = b"PK\x03\x04 and then nothing"
LISTED = ("failed", "partial", "skipped")
Ingest = Callable[..., SyncReport]


@pytest.fixture
def ingest(index: Index, embedder: HashEmbedder, docs: Path) -> Ingest:
    def run(*paths: Path, **options: object) -> SyncReport:
        report = sync(paths or (docs,), index, embedder=embedder, **options)  # type: ignore[arg-type]
        assert report.files == sum(outcomes(report).values()) - report.removed
        return report

    return run


def outcomes(report: SyncReport) -> dict[str, int]:
    """How many files have each outcome that occurs."""
    counts = {name: getattr(report, name) for name in (*COUNTED, "removed")}
    counts |= {name: len(getattr(report, name)) for name in LISTED}
    return {name: count for name, count in counts.items() if count}


def more_than_are_read_ahead(folder: Path) -> int:
    """So many more files that the last one is not yet read when the first one is in."""
    for number in range(20):
        (folder / f"filler-{number:02}.txt").write_text(f"Page {number} of the log book.\n")
    return 20


def names(index: Index) -> list[str]:
    return sorted(Path(entry.source).name for entry in index.catalog.entries())


# What becomes of a file


def test_new_files_are_added_and_searchable(
    ingest: Ingest, index: Index, embedder: HashEmbedder
) -> None:
    report = ingest()
    assert outcomes(report) == {"added": 2}
    assert (report.chunks, report.embedded) == (2, 2)
    (hit, *_) = Retriever(index, embedder).search("where are the chisels")
    assert Path(hit.chunk.source).name == "tools.md"


def test_a_second_run_changes_and_embeds_nothing(ingest: Ingest, index: Index) -> None:
    ingest()
    generation = index.catalog.generation
    report = ingest()
    assert outcomes(report) == {"unchanged": 2}
    assert (report.embedded, index.catalog.generation) == (0, generation)


def test_a_changed_file_is_updated_and_only_its_new_text_embedded(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    (docs / "boats.txt").write_text("Skiffs lie at berth nine.\n")
    report = ingest()
    assert outcomes(report) == {"updated": 1, "unchanged": 1}
    assert report.embedded == 1
    document = index.catalog.document(str(docs / "boats.txt"))
    assert document is not None
    assert document.text == "Skiffs lie at berth nine.\n"


def test_a_file_with_only_another_date_is_unchanged(ingest: Ingest, docs: Path) -> None:
    ingest()
    os.utime(docs / "boats.txt", (1, 1))
    assert outcomes(ingest()) == {"unchanged": 2}


def test_a_renamed_file_is_not_embedded_again(ingest: Ingest, index: Index, docs: Path) -> None:
    ingest()
    (docs / "boats.txt").rename(docs / "berths.txt")
    report = ingest()
    assert outcomes(report) == {"renamed": 1, "unchanged": 1}
    assert report.embedded == 0
    assert names(index) == ["berths.txt", "tools.md"]
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_deleted_file_leaves_the_index_and_the_hits(
    ingest: Ingest, index: Index, embedder: HashEmbedder, docs: Path
) -> None:
    ingest()
    (docs / "tools.md").unlink()
    assert outcomes(ingest()) == {"unchanged": 1, "removed": 1}
    hits = Retriever(index, embedder).search("saws and chisels")
    assert [Path(hit.chunk.source).name for hit in hits] == ["boats.txt"]


def test_every_outcome_at_once_is_accounted_for_once(ingest: Ingest, docs: Path) -> None:
    for name in ("old.md", "moved.md", "stays.md"):
        (docs / name).write_text(f"about {name}")
    ingest()
    (docs / "old.md").unlink()
    (docs / "moved.md").rename(docs / "new-name.md")
    (docs / "stays.md").write_text("something else")
    (docs / "new.md").write_text("brand new")
    (docs / "noise.bin").write_bytes(bytes(range(256)) * 8)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (docs / "short.pdf").write_bytes(CUT_SHORT)
    every = dict.fromkeys((*COUNTED, "removed", *LISTED), 1)
    assert outcomes(ingest()) == every | {"unchanged": 2}


# Files that cannot be read


def test_a_damaged_file_fails_alone_with_its_reason(ingest: Ingest, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(BROKEN_ZIP)
    report = ingest()
    assert outcomes(report) == {"added": 2, "failed": 1}
    ((source, reason),) = report.failed
    assert source == str(docs / "broken.docx")
    assert reason.startswith("damaged")


def test_a_failed_file_is_reported_again_but_not_read_again(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    (docs / "broken.docx").write_bytes(BROKEN_ZIP)
    first = ingest()
    generation = index.catalog.generation
    again = ingest()
    assert (again.failed, index.catalog.generation) == (first.failed, generation)
    assert again.stages["load"] == 0


def test_a_mended_file_is_read(ingest: Ingest, docs: Path) -> None:
    (docs / "broken.docx").write_bytes(BROKEN_ZIP)
    ingest()
    (docs / "broken.docx").write_bytes((SAMPLES / "safety-policy.docx").read_bytes())
    assert outcomes(ingest()) == {"updated": 1, "unchanged": 2}


def test_a_file_that_breaks_loses_what_it_gave_before(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    (docs / "boats.txt").write_bytes(bytes(range(256)) * 8)
    assert outcomes(ingest()) == {"unchanged": 1, "failed": 1}
    assert index.catalog.count_chunks() == 1


def test_a_renamed_damaged_file_is_known_by_its_new_name_only(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    (docs / "a.docx").write_bytes(BROKEN_ZIP)
    ingest()
    (docs / "a.docx").rename(docs / "b.docx")
    assert outcomes(ingest()) == {"unchanged": 2, "failed": 1}
    assert names(index) == ["b.docx", "boats.txt", "tools.md"]


def test_a_partly_read_file_says_what_is_missing_every_time(ingest: Ingest, docs: Path) -> None:
    (docs / "short.pdf").write_bytes(CUT_SHORT)
    first, second = ingest(), ingest()
    assert first.partial == second.partial
    assert "cut short" in first.partial[0][1]
    assert second.embedded == 0


def test_a_file_that_vanishes_during_the_run_fails_alone(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    more = more_than_are_read_ahead(docs)
    report = ingest(progress=lambda _: (docs / "tools.md").unlink(missing_ok=True))
    assert outcomes(report) == {"added": 1 + more, "failed": 1}
    assert report.failed == [(str(docs / "tools.md"), "No such file or directory")]
    assert outcomes(ingest()) == {"unchanged": 1 + more, "removed": 1}


def test_a_file_that_changes_during_the_run_is_in_as_it_was_read(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    more = more_than_are_read_ahead(docs)
    replacement = docs.parent / "replacement"
    replacement.write_text("Now something else.\n")

    def replace_once(_: Progress) -> None:
        if replacement.exists():
            replacement.rename(docs / "tools.md")

    ingest(progress=replace_once)
    document = index.catalog.document(str(docs / "tools.md"))
    assert document is not None
    assert document.text == "Now something else.\n"
    assert outcomes(ingest()) == {"unchanged": 2 + more}


def test_a_link_beside_its_file_stays_a_document_of_its_own(ingest: Ingest, docs: Path) -> None:
    (docs / "link.md").symlink_to(docs / "tools.md")
    assert outcomes(ingest()) == {"added": 3}
    assert outcomes(ingest()) == {"unchanged": 3}


# Copies


def test_a_copy_is_listed_but_its_text_is_in_once(
    ingest: Ingest, index: Index, embedder: HashEmbedder, docs: Path
) -> None:
    ingest()
    copy = docs / "copy.txt"
    copy.write_bytes((docs / "boats.txt").read_bytes())
    report = ingest()
    assert outcomes(report) == {"added": 1, "unchanged": 2}
    assert (report.embedded, report.chunks) == (0, 2)
    assert names(index) == ["boats.txt", "copy.txt", "tools.md"]
    document = index.catalog.document(str(copy))
    assert document is not None
    assert document.source == str(docs / "boats.txt")
    assert index.catalog.matching({"source": str(copy)}) == [document.id]
    assert outcomes(ingest()) == {"unchanged": 3}


def test_copies_that_come_together_are_in_once(ingest: Ingest, docs: Path) -> None:
    for number in range(3):
        (docs / f"copy-{number}.txt").write_bytes((docs / "boats.txt").read_bytes())
    report = ingest()
    assert outcomes(report) == {"added": 5}
    assert report.chunks == 2
    assert outcomes(ingest(rebuild=True)) == {"updated": 5}


@pytest.mark.parametrize("fate", ["removed", "changed", "renamed"])
def test_a_copy_stands_in_when_the_file_it_was_a_copy_of_goes(
    ingest: Ingest, index: Index, docs: Path, fate: str
) -> None:
    first, copy = docs / "boats.txt", docs / "copy.txt"
    copy.write_bytes(first.read_bytes())
    ingest()
    if fate == "removed":
        first.unlink()
        expected = {"unchanged": 2, "removed": 1}
    elif fate == "changed":
        first.write_text("Skiffs lie at berth nine.\n")
        expected = {"unchanged": 2, "updated": 1}
    else:
        first.rename(docs / "ships.txt")
        expected = {"unchanged": 2, "renamed": 1}
    assert outcomes(ingest()) == expected
    document = index.catalog.document(str(copy))
    assert document is not None
    assert "berth seven" in document.text
    assert outcomes(ingest()) == {"unchanged": 3 - (fate == "removed")}
    assert lost_chunks(index, index.catalog.chunk_ids()) == []


def test_a_renamed_folder_takes_its_copies_with_it(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    for number in range(3):
        (docs / f"copy-{number}.txt").write_bytes((docs / "boats.txt").read_bytes())
    ingest()
    moved = docs.rename(docs.parent / "moved")
    report = ingest(moved)
    assert outcomes(report) == {"renamed": 5}
    assert (report.embedded, report.chunks) == (0, 2)
    assert all(entry.source.startswith(str(moved)) for entry in index.catalog.entries())


def test_copies_outlast_the_renaming_of_one_of_two_that_have_their_text(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    boats = docs / "boats.txt"
    (docs / "copy.txt").write_bytes(boats.read_bytes())
    ingest()
    # A second one has the text too, as when a run was killed between renaming and removing.
    second = docs / "second.txt"
    second.write_bytes(boats.read_bytes())
    (file,), _ = scan([second])
    embedder = HashEmbedder()
    document = load(second)
    recipe = Recipe(embedder, 512, 0)
    chunks = chunk(document, tokenizer=embedder.tokenizer, tokens=recipe.longest)
    with index.writing() as writer:
        writer.commit(document, chunks, file=file.state(), recipe=recipe.fingerprint)
    boats.rename(docs / "moved.txt")
    ingest()
    assert {Path(entry.source).name for entry in index.catalog.entries()} == {
        *("copy.txt", "moved.txt", "second.txt", "tools.md")
    }
    assert outcomes(ingest()) == {"unchanged": 4}


def test_a_copy_that_changes_gets_a_text_of_its_own(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    (docs / "copy.txt").write_bytes((docs / "boats.txt").read_bytes())
    ingest()
    (docs / "copy.txt").write_text("Kayaks hang in the shed.\n")
    assert outcomes(ingest()) == {"unchanged": 2, "updated": 1}
    document = index.catalog.document(str(docs / "copy.txt"))
    assert document is not None
    assert document.text == "Kayaks hang in the shed.\n"


def test_copies_of_a_damaged_file_each_say_what_is_wrong(ingest: Ingest, docs: Path) -> None:
    for name in ("a.docx", "b.docx"):
        (docs / name).write_bytes(BROKEN_ZIP)
    assert outcomes(ingest()) == {"added": 2, "failed": 2}
    assert outcomes(ingest()) == {"unchanged": 2, "failed": 2}


# Options


def test_a_dry_run_reports_everything_and_changes_nothing(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    (docs / "tools.md").unlink()
    (docs / "new.md").write_text("new")
    os.utime(docs / "boats.txt", (1, 1))
    before = index.catalog.entries()
    assert outcomes(ingest(dry_run=True)) == {"added": 1, "unchanged": 1, "removed": 1}
    assert index.catalog.entries() == before


def test_rebuild_reads_every_file_again_but_embeds_nothing(ingest: Ingest, docs: Path) -> None:
    ingest()
    report = ingest(rebuild=True)
    assert outcomes(report) == {"updated": 2}
    assert report.embedded == 0


def test_a_smaller_chunk_size_cuts_every_file_anew(ingest: Ingest, docs: Path) -> None:
    (docs / "long.md").write_text("One more sentence for the chunker. " * 20)
    before = ingest().chunks
    assert ingest(tokens=32).chunks > before


def test_progress_tells_of_each_file_as_it_begins_and_of_the_end(
    ingest: Ingest, docs: Path
) -> None:
    seen: list[Progress] = []
    ingest(progress=seen.append)
    steps = [(step.done, step.files, step.source) for step in seen]
    boats, tools = str(docs / "boats.txt"), str(docs / "tools.md")
    assert list(dict.fromkeys(steps)) == [(0, 2, boats), (1, 2, tools), (2, 2, "")]


# Paths


def test_a_path_that_never_was_is_an_error_and_nothing_is_done(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    with pytest.raises(ConfigError, match=r"no such file or folder: .*nowhere"):
        ingest(docs, docs / "nowhere")
    assert index.catalog.entries() == []


def test_a_folder_that_is_gone_takes_its_documents_with_it_if_told_so(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    docs.rename(docs.with_name("elsewhere"))
    assert outcomes(ingest(docs, remove_missing=True)) == {"removed": 2}
    assert index.catalog.size() == (0, 0)


def test_a_single_file_is_added_updated_and_removed(ingest: Ingest, docs: Path) -> None:
    path = docs / "tools.md"
    assert outcomes(ingest(path)) == {"added": 1}
    path.write_text("Nothing but planes.")
    assert outcomes(ingest(path)) == {"updated": 1}
    path.unlink()
    assert outcomes(ingest(path, remove_missing=True)) == {"removed": 1}


def test_two_folders_are_kept_apart(ingest: Ingest, index: Index, tmp_path: Path) -> None:
    ingest()
    other = tmp_path / "docs2"
    other.mkdir()
    (other / "a.md").write_text("in the other folder")
    (other / "b.md").write_text("beside it")
    assert outcomes(ingest(other)) == {"added": 2}
    (other / "a.md").unlink()
    assert outcomes(ingest(other)) == {"unchanged": 1, "removed": 1}
    assert names(index) == ["b.md", "boats.txt", "tools.md"]


def test_a_file_moved_between_two_folders_is_renamed(
    ingest: Ingest, docs: Path, tmp_path: Path
) -> None:
    ingest()
    other = tmp_path / "other"
    other.mkdir()
    (docs / "tools.md").rename(other / "tools.md")
    assert outcomes(ingest(other)) == {"renamed": 1}
    assert outcomes(ingest()) == {"unchanged": 1}


def test_the_present_folder_does_not_stand_for_its_neighbours(
    ingest: Ingest, index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest()
    other = docs.with_name("other")
    other.mkdir()
    (other / "a.md").write_text("in the other folder")
    monkeypatch.chdir(other)
    assert outcomes(ingest(Path())) == {"added": 1}
    assert names(index) == ["a.md", "boats.txt", "tools.md"]


def test_files_removed_from_a_linked_folder_are_noticed(ingest: Ingest, docs: Path) -> None:
    link = docs.with_name("link")
    link.symlink_to(docs)
    ingest(link)
    (docs / "tools.md").unlink()
    assert outcomes(ingest(link)) == {"unchanged": 1, "removed": 1}


def test_documents_in_a_folder_that_cannot_be_read_now_are_kept(
    ingest: Ingest, index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = docs / "closed"
    closed.mkdir()
    (closed / "a.md").write_text("behind a closed door")
    ingest()
    look = os.scandir

    def refusing(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return look(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = ingest()
    assert report.failed == [(str(closed), "Permission denied")]
    assert report.removed == 0


# Files that only look the same


def test_another_content_of_the_same_size_and_date_is_read(
    ingest: Ingest, index: Index, docs: Path
) -> None:
    ingest()
    path = docs / "boats.txt"
    before = path.stat()
    path.write_text("Skiffs lie at berth eight.\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert outcomes(ingest()) == {"unchanged": 1, "updated": 1}
    document = index.catalog.document(str(path))
    assert document is not None
    assert document.text == "Skiffs lie at berth eight.\n"


def test_a_file_exchanged_for_one_of_the_same_size_and_date_is_read(
    ingest: Ingest, docs: Path
) -> None:
    ingest()
    path, other = docs / "boats.txt", docs.with_name("other")
    before = path.stat()
    other.write_text("Skiffs lie at berth eight.\n")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert outcomes(ingest()) == {"unchanged": 1, "updated": 1}


def test_a_file_of_which_only_the_rights_changed_is_neither_read_nor_embedded_again(
    ingest: Ingest, index: Index, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest()
    before = {entry.source: entry.file.stamp for entry in index.catalog.entries()}
    (docs / "tools.md").chmod(0o600)
    (docs.with_name("link")).hardlink_to(docs / "boats.txt")
    report = ingest()
    assert (outcomes(report), report.stages["load"], report.embedded) == ({"unchanged": 2}, 0, 0)
    after = {entry.source: entry.file.stamp for entry in index.catalog.entries()}
    assert all(after[source] != before[source] for source in before)
    monkeypatch.setattr("ingest.scan.blocks", lambda path: pytest.fail(f"{path} was opened"))
    assert outcomes(ingest()) == {"unchanged": 2}


def test_a_file_of_a_year_that_no_database_knows_is_taken_in(ingest: Ingest, docs: Path) -> None:
    os.utime(docs / "tools.md", (2**34, 2**34))  # the year 2514
    assert outcomes(ingest()) == {"added": 2}
    assert outcomes(ingest()) == {"unchanged": 2}


# Copies


@pytest.mark.parametrize("fate", ["removed", "changed", "broken"])
def test_a_copy_elsewhere_outlives_the_document_it_was_found_under(
    ingest: Ingest, index: Index, embedder: HashEmbedder, docs: Path, fate: str
) -> None:
    ingest()
    other = docs.with_name("other")
    other.mkdir()
    text = (docs / "tools.md").read_text()
    (other / "copy.md").write_text(text)
    (other / "copies.md").write_text(text)
    ingest(other)
    embedded = embedder.embedded
    if fate == "removed":
        (docs / "tools.md").unlink()
    else:
        new = BROKEN_ZIP if fate == "broken" else b"Nothing but planes."
        (docs / "tools.md").write_bytes(new)
    ingest()
    assert embedder.embedded == embedded + (fate == "changed")
    for name in ("copy.md", "copies.md"):
        document = index.catalog.document(str(other / name))
        assert document is not None
        assert document.text == text
    assert lost_chunks(index, index.catalog.chunk_ids()) == []
    hits = Retriever(index, embedder).search("chisels")
    assert Path(hits[0].chunk.source).parent == other


# Documents that are no files


def test_stored_documents_are_searchable_by_their_id(index: Index, embedder: HashEmbedder) -> None:
    documents = [a_document("Tides turn at noon.", source="d1"), a_document("Oak.", source="d2")]
    report = store(documents, index, embedder=embedder)
    assert (report["added"], report["files"], report["chunks"]) == (2, 2, 2)
    assert Retriever(index, embedder).search("tides")[0].chunk.document_id == "d1"


def test_a_document_stored_again_replaces_the_one_before(
    index: Index, embedder: HashEmbedder
) -> None:
    store([a_document("Before.", source="d1")], index, embedder=embedder)
    store([a_document("After.", source="d1")], index, embedder=embedder)
    assert [chunk.text for chunk in index.catalog.chunks_of("d1")] == ["After."]
