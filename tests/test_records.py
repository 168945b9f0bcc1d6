"""Exported answers: what they keep, that nothing in them runs, and checking them again."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.cli import main
from rag_app.errors import DataError
from rag_app.history.export import FORMATS, as_html, as_markdown, write_records
from rag_app.history.recheck import Checked, recheck
from rag_app.history.record import Quote, Record, read_records
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.index import Index
from tests.fakes import HashEmbedder

TEXT = "Tides turn twice a day. A berth costs £120 a year. Keys hang in the office.\n"
QUOTE = "A berth costs £120 a year."
HOSTILE = '</script><img src="http://evil.example/x.png">![x](http://evil.example/y) --> \u202e'


class Harbour:
    """A folder with one file, its index, and a record that quotes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "documents"
        self.folder.mkdir()
        self.file = self.folder / "berths.txt"
        self.index = folder / "index"
        self.write(TEXT)
        self.ingest()
        with closing(Catalog(self.index)) as catalog:
            document = catalog.document(str(self.file))
        assert document
        start = document.text.index(QUOTE)
        quote = Quote(
            1, str(self.file), None, start, start + len(QUOTE), QUOTE, (0, 26), document.digest
        )
        self.record = Record("What does a berth cost?", f"{QUOTE} [1]", "read", 0.9, (quote,))

    def write(self, text: str) -> None:
        self.file.write_text(text, encoding="utf-8")

    def ingest(self) -> None:
        embedder = HashEmbedder()
        with closing(Index.open(self.index, embedder=embedder)) as index:
            sync([self.folder], index, embedder=embedder)

    def check(self) -> Checked:
        with closing(Catalog(self.index)) as catalog:
            (checked,) = recheck([self.record], catalog)
        return checked


@pytest.fixture
def harbour(tmp_path: Path) -> Harbour:
    return Harbour(tmp_path)


def hostile_record() -> Record:
    quote = Quote(1, f"{HOSTILE}.txt", 3, 0, len(HOSTILE), HOSTILE, (0, 4), "00")
    return Record(HOSTILE, f"{HOSTILE} [1] invented", "generate", 0.5, (quote,), ((5, 9),))


@pytest.mark.parametrize("ending", FORMATS)
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    records = [hostile_record(), Record("Who?", "No.", "abstain", 0.1, ())]
    path = tmp_path / f"answers{ending}"
    write_records(records, path)
    assert read_records(path) == records


def test_nothing_of_a_document_runs_or_loads_in_a_page() -> None:
    page = as_html([hostile_record()])
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 1
    assert '<script type="application/json">' in page
    assert "default-src 'none'" in page


def test_nothing_of_a_document_is_markdown() -> None:
    shown, _, hidden = as_markdown([hostile_record()]).partition("<!--")
    assert "<img" not in shown.replace("\\<", "")
    assert "![x]" not in shown
    assert "\u202e" not in shown
    assert hidden.count("-->") == 1


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\.md, \.html, \.json"):
        write_records([], tmp_path / "answers.pdf")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": "rag-app answers", "version": 9, "answers": []}', "# Hello"]
)
def test_a_file_without_answers_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.md"
    path.write_text(text)
    with pytest.raises(DataError, match="holds no answers"):
        read_records(path)


def test_an_unchanged_document_still_says_it(harbour: Harbour) -> None:
    checked = harbour.check()
    assert (checked.verdict, checked.changed, checked.holds) == ("stands", False, True)


def test_a_quote_that_moved_is_found_where_it_is(harbour: Harbour) -> None:
    harbour.write("High water is told at the gate. " + TEXT)
    harbour.ingest()
    checked = harbour.check()
    assert (checked.verdict, checked.changed) == ("moved", True)
    assert checked.start == len("High water is told at the gate. ") + TEXT.index(QUOTE)


def test_a_changed_figure_no_longer_supports_the_quote(harbour: Harbour) -> None:
    harbour.write(TEXT.replace("120", "140"))
    harbour.ingest()
    assert harbour.check().verdict == "gone"


def test_a_file_that_changed_since_it_was_read_is_not_vouched_for(harbour: Harbour) -> None:
    harbour.write(TEXT.replace("120", "140"))
    checked = harbour.check()
    assert (checked.verdict, checked.holds) == ("unread", False)


def test_a_removed_document_is_missing(harbour: Harbour) -> None:
    harbour.file.unlink()
    (harbour.folder / "other.txt").write_text("Another.")
    harbour.ingest()
    assert harbour.check().verdict == "missing"


def test_the_command_tells_and_fails_where_a_quote_is_gone(
    harbour: Harbour, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answers.md"
    write_records([harbour.record], path)
    command = ["recheck", str(path), "--index", str(harbour.index)]
    assert main(command) == 0
    assert "stands: [1]" in capsys.readouterr().out
    harbour.write(TEXT.replace("120", "140"))
    harbour.ingest()
    assert main([*command, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["quotes"][0]["verdict"]) == (False, "gone")
