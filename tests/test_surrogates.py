"""Halves of characters, in arguments, JSON, settings and names: one line, and no traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest import script
from ingest.loading.load import load
from rag_app.cli import main
from rag_app.errors import ConfigError, DataError, LoadError
from rag_app.evaluation.answers import load_questions
from rag_app.evaluation.temporary_index import parse_lines
from rag_app.history.record import read_records
from rag_app.index.index import Index
from rag_app.retrieval.retriever import Retriever
from rag_app.settings.provenance import Settings, resolve
from rag_app.text.surrogates import check_text
from tests.conftest import ROOT
from tests.fakes import HashEmbedder

HALF = "caf\udce9"  # what a terminal in Latin-1 gives


@pytest.mark.parametrize(
    "command",
    [
        *(["search", HALF], ["ask", HALF], ["explain", HALF], ["text", HALF]),
        ["search", "tides", "--where", f"source={HALF}"],
        ["explain", "tides", "--source", HALF],
        *(["ask", "tides", "--generator", HALF], ["ask", "tides", "--embedder", HALF]),
        *(["status", "--collection", HALF], ["collections", "new", HALF], ["migrate", HALF]),
        *(["models", "pull", HALF], ["embed", "tokens", HALF], ["embed", "similarity", HALF, "b"]),
    ],
    ids=" ".join,
)
def test_half_a_character_in_an_argument_is_one_line(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--index", str(tmp_path / "index")]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "is half a character; give it in UTF-8" in told


def test_it_is_said_of_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(tmp_path / "docs"), "--embedder", HALF]) == 1
    assert "half a character" in capsys.readouterr().err
    command = [sys.executable, "-m", "ingest", HALF, "--index", "index"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"no such file or folder: caf\\xe9" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_question_from_code_is_refused(index: Index, embedder: HashEmbedder) -> None:
    with pytest.raises(ConfigError, match="the question is no text: character 4 of"):
        Retriever(index, embedder).search(HALF)


def test_an_index_folder_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the index folder is no text"):
        Index.open(tmp_path / HALF, embedder=HashEmbedder())
    assert [*tmp_path.iterdir()] == []


def test_json_with_half_a_character_is_told_with_its_line(
    tmp_path: Path, index: Index, capsys: pytest.CaptureFixture[str]
) -> None:
    line = json.dumps({"id": 1, "question": HALF})
    batch = tmp_path / "batch.jsonl"
    batch.write_text(f'{{"question": "tides"}}\n{line}\n')
    for verb in ("search", "ask"):
        assert main([verb, "--batch", str(batch), "--index", str(index.folder)]) == 1
        assert "batch.jsonl, line 2: not" in capsys.readouterr().err
    with pytest.raises(DataError, match="line 1: not of this layout"):
        parse_lines(line, dict, name="rows")
    questions = tmp_path / "squad.json"
    questions.write_text(json.dumps({"data": [{"title": HALF, "paragraphs": []}]}))
    with pytest.raises(DataError):
        load_questions(questions)
    kept = tmp_path / "kept.json"
    answer = {"question": HALF, "text": "", "mode": "read", "confidence": 0, "quotes": []}
    told = {"format": "rag-app answers", "version": 1, "answers": [answer | {"unsupported": []}]}
    kept.write_text(json.dumps(told))
    with pytest.raises(DataError):
        read_records(kept)


def test_json_without_end_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too deep"):
        parse_lines("[" * 200_000, dict, name="rows")


def test_a_setting_with_half_a_character_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_APP_GENERATOR", HALF)
    with pytest.raises(ConfigError, match="RAG_APP_GENERATOR is no text"):
        Settings.load()
    monkeypatch.delenv("RAG_APP_GENERATOR")
    with pytest.raises(ConfigError, match="is no text"):
        resolve(embedder=HALF)


def test_what_a_parser_says_of_a_file_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(data: bytes) -> object:
        raise ValueError(f"no such thing as {HALF}")

    monkeypatch.setitem(load.__globals__["FORMATS"], "txt", parse)
    path = tmp_path / "a.txt"
    path.write_text("Tides turn.")
    with pytest.raises(LoadError, match="no such thing as caf�"):
        load(path)


def test_whole_characters_of_any_kind_are_text() -> None:
    check_text({"a": ["é", "🙂", ("漢", 3, None)]}, "a value")
