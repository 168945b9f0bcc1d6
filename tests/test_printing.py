"""Nothing that a terminal would obey comes out of any command, whatever documents hold."""

import ast
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ingest.script import main as ingest
from rag_app.cli import main
from rag_app.text.printable import Parser, json_text, one_line, show, show_log, show_text
from tests.conftest import ROOT

# Clears the screen, fills the clipboard, ends the line, turns the direction, and is no character.
EVIL = "\x1b[2J\x1b]52;c;Zm9v\x07\nFORGED\r\x9b31m\u202egnp\u2066"
IN_TEXT = EVIL.replace("\nFORGED", "")  # a text may have lines
MORE = "The office of the harbour opens at eight, and closes when the tide turns. " * 5
NAME = f"berth{EVIL}.md"
FACT = f"Skiffs lie at berth {IN_TEXT} seven."
QUESTION = f"Where do skiffs lie? {EVIL}"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents whose names, titles and texts are hostile."""
    made = tmp_path_factory.mktemp("hostile") / f"docs{EVIL}"
    made.mkdir()
    (made / NAME).write_text(f"# Boats {IN_TEXT}\n\n{FACT}\n\n{MORE}\n", encoding="utf-8")
    (made / f"copy{NAME}").write_text(f"# Boats {IN_TEXT}\n\n{FACT} \n\n{MORE}\n", encoding="utf-8")
    (made / f"page{EVIL}.html").write_text(f"<title>Page {EVIL}</title><p>Cranes {IN_TEXT} lift.")
    (made / f"broken{EVIL}.pdf").write_bytes(b"%PDF-1.4 nothing")
    (made / os.fsdecode(b"half\xff.md")).write_text("A name that is not UTF-8.")
    return made


@pytest.fixture(scope="module")
def index(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("index") / "index"
    assert ingest([str(folder), "--index", str(made)]) == 1  # one is broken
    return made


def is_harmless(text: str) -> bool:
    return not OBEYED.search(text) and not re.search(r"^FORGED", text, re.MULTILINE)


@pytest.fixture
def question_file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps({"id": f"1{EVIL}", "question": QUESTION, "kind": f"x{EVIL}"}))
    return path


COMMANDS = (
    ("search", QUESTION),
    ("search", QUESTION, "--sections"),
    ("search", QUESTION, "--json"),
    ("ask", QUESTION),
    ("ask", QUESTION, "--json"),
    ("explain", QUESTION),
    ("explain", QUESTION, "--source", f"nowhere{EVIL}"),
    ("status",),
    ("status", "--json"),
    ("text", f"nowhere{EVIL}"),
    ("config",),
    ("config", "set", f"k{EVIL}", "5"),
    ("collections",),
    ("collections", "rename", f"nobody{EVIL}", "x"),
    ("recheck", f"nowhere{EVIL}"),
    ("ask", "--batch", f"nowhere{EVIL}"),
    ("doctor",),
    ("migrate", f"nowhere{EVIL}"),
    ("embed", "tokens", EVIL),
    ("embed", "similarity", EVIL, QUESTION),
    ("embed", "duplicates", "--least", "0.5"),
    ("embed", "outliers"),
    ("embed", "map"),
    ("search", QUESTION, "--embedder", f"nowhere/model{EVIL}"),
    ("search", QUESTION, "--collection", f"nowhere{EVIL}"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words[:2])[:20])
def test_no_command_prints_what_a_terminal_obeys(
    index: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    main([*command, "--index", str(index)])
    out, err = capsys.readouterr()
    assert out + err
    assert is_harmless(out.replace('"FORGED', "") if "--json" in command else out)
    assert is_harmless(err)


def test_no_line_of_an_ingestion_is_obeyed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ingest([str(folder), "--index", str(tmp_path / "index"), "--dry-run"])
    ingest([str(folder), "--index", str(tmp_path / "index")])
    out, err = capsys.readouterr()
    assert "failed: " in err
    assert is_harmless(out)
    assert is_harmless(err)


def test_answers_that_are_checked_again_are_not_obeyed(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    assert main(["ask", "Where do skiffs lie?", "--export", str(kept), "--index", str(index)]) == 0
    assert main(["recheck", str(kept), "--index", str(index)]) == 0
    assert is_harmless(capsys.readouterr().out)


def test_reports_on_questions_are_not_obeyed(
    index: Path, question_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["eval", "questions", str(question_file), "--index", str(index)])
    out, err = capsys.readouterr()
    assert is_harmless(out)
    assert is_harmless(err)


def test_json_has_the_same_values(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json", "--index", str(index)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert any(entry["source"].endswith(f"/{NAME}") for entry in json.loads(out))


@pytest.mark.parametrize("value", [EVIL, "\udcff", "\x7f\x85", "ä€😀", 'a"\\b', {EVIL: [EVIL]}])
def test_json_is_printable_and_reads_back(value: object) -> None:
    told = json_text(value)
    assert not OBEYED.search(told)
    assert json.loads(told) == value


# A document's text


def source_of(index: Path, capsys: pytest.CaptureFixture[str]) -> str:
    main(["status", "--json", "--index", str(index)])
    entries = json.loads(capsys.readouterr().out)
    return next(each["source"] for each in entries if each["source"].endswith(f"/{NAME}"))


def test_a_text_is_exact_unless_a_terminal_shows_it(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(index, capsys)
    assert main(["text", source, "--json", "--index", str(index)]) == 0
    text = json.loads(capsys.readouterr().out)["text"]
    assert OBEYED.search(text)
    assert main(["text", source, "--index", str(index)]) == 0
    assert capsys.readouterr().out == text
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["text", source, "--index", str(index)]) == 0
    shown = capsys.readouterr().out
    assert not OBEYED.search(shown)
    assert len(shown.splitlines()) > 1  # its own lines stay


# Other ways to a terminal


@contextmanager
def own_log() -> Iterator[None]:
    """What is logged goes to our handler, and the hook for bugs is put back."""
    root, hook = logging.getLogger(), sys.excepthook
    before, level = root.handlers, root.level
    root.handlers = []
    show_log(logging.INFO)
    yield
    root.handlers, sys.excepthook = before, hook
    root.setLevel(level)


def test_a_line_of_the_log_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with own_log():
        try:
            raise ValueError(EVIL)
        except ValueError:
            logging.getLogger("any").exception("reading %s failed", NAME)
    err = capsys.readouterr().err
    assert not OBEYED.search(err)
    assert err.splitlines()[0].startswith("reading berth")
    assert err.splitlines()[1].startswith("Traceback")


def test_the_traceback_of_a_bug_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    with own_log():
        sys.excepthook(ValueError, ValueError(EVIL), None)
    err = capsys.readouterr().err
    assert "ValueError" in err
    assert not OBEYED.search(err)


def test_wrong_usage_is_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Parser(prog="any").parse_args([f"--{EVIL}"])
    assert not OBEYED.search(capsys.readouterr().err)
    for command in (main, ingest):
        with pytest.raises(SystemExit):
            command([f"--{EVIL}"])
    assert not OBEYED.search(capsys.readouterr().err)


def test_lines_stay_where_a_text_has_several(capsys: pytest.CaptureFixture[str]) -> None:
    show("one\ntwo")
    show_text("one\ntwo")
    assert capsys.readouterr().out == "one two\none\ntwo\n"
    assert one_line("a\tb\u2028c") == "a b c"


def test_nothing_but_the_door_prints() -> None:
    """`print` and the streams: all that is shown passes `show`."""
    pipes = {"ingest/children.py", "ingest/loading/worker.py"}  # between our own processes
    found = [
        path.relative_to(ROOT).as_posix()
        for package in ("rag_app", "ingest", "ui")
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"print", "sys.stderr.write"}
    ]
    assert sorted({*found} - pipes) == []
