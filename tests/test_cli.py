"""The commands: what they print, where, and with which exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rag_app.cli import main

HIT = {
    *("chunk_id", "source", "page", "start", "end", "text", "score", "rank", "signals"),
}
ANSWER = {"question", "text", "mode", "confidence", "citations", "hits", "seconds"}
CITATION = {
    *("number", "source", "page", "start", "end", "quote"),
    *("answer_start", "answer_end", "score"),
}
QUESTION = "How much does a berth cost?"


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Commands:
    """Runs `rag-app` in this process, on one index."""

    def __init__(self, index: Path) -> None:
        self._index = index

    def __call__(self, *arguments: str) -> Ran:
        streams = [TextIOWrapper(BytesIO(), encoding="utf-8", newline="") for _ in range(2)]
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            try:
                status = main([*arguments, "--index", str(self._index)])
            except SystemExit as exit_:
                status = int(exit_.code or 0)
        for stream in streams:
            stream.seek(0)
        return Ran(status, *(stream.read() for stream in streams))


@pytest.fixture(scope="module")
def rag_app(samples_index: Path) -> Commands:
    """The command on the sample documents."""
    return Commands(samples_index)


@pytest.fixture(scope="module")
def found(rag_app: Commands) -> dict[str, Any]:
    return rag_app("search", QUESTION, "--json").json()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def answer(rag_app: Commands) -> dict[str, Any]:
    return rag_app("ask", QUESTION, "--generator", "read", "--json").json()  # type: ignore[no-any-return]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Commands:
    """The command on an index that nobody has filled."""
    return Commands(tmp_path / "index")


def batch(folder: Path, rows: Sequence[object]) -> str:
    path = folder / "questions.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return str(path)


def run_program(*arguments: str, cwd: Path, **environment: str) -> Ran:
    """The command as its users start it, in a process of its own."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "rag-app"), *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


# search


def test_search_prints_hits_as_json(found: dict[str, Any]) -> None:
    assert set(found) >= {"question", "hits", "seconds"}
    assert found["question"] == QUESTION
    assert all(set(hit) >= HIT for hit in found["hits"])
    assert all(set(hit["signals"]) == {"dense", "lexical", "rerank"} for hit in found["hits"])


def test_hits_are_ranked_by_score(found: dict[str, Any]) -> None:
    hits = found["hits"]
    scores = [hit["score"] for hit in hits]
    assert [hit["rank"] for hit in hits] == list(range(1, len(hits) + 1))
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_k_is_the_number_of_hits(rag_app: Commands) -> None:
    assert len(rag_app("search", QUESTION, "-k", "2", "--json").json()["hits"]) == 2


@pytest.mark.parametrize("k", ["1", "2"])
def test_an_answer_has_k_hits_at_most(rag_app: Commands, k: str) -> None:
    answer = rag_app("ask", QUESTION, "-k", k, "--generator", "read", "--json").json()
    assert len(answer["hits"]) == int(k)
    cited = {citation["chunk_id"] for citation in answer["citations"]}
    assert cited <= {hit["chunk_id"] for hit in answer["hits"]}


def test_a_question_that_is_too_long_is_one_line(rag_app: Commands) -> None:
    ran = rag_app("ask", "why " * 4_000)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "ask in at most 8,000" in ran.err


def test_a_filter_keeps_to_its_documents(rag_app: Commands) -> None:
    hits = rag_app("search", QUESTION, "--where", "format=pdf", "--json").json()["hits"]
    assert {Path(hit["source"]).suffix for hit in hits} == {".pdf"}
    assert all(hit["page"] >= 1 for hit in hits)


def test_search_without_json_is_for_people(rag_app: Commands) -> None:
    assert rag_app("search", QUESTION).out.startswith("1. ")


def test_asking_where_no_index_is_makes_none(elsewhere: Commands, tmp_path: Path) -> None:
    for command in (("search", QUESTION), ("ask", QUESTION), ("text", "a.md"), ("status",)):
        ran = elsewhere(*command, "--index", str(tmp_path / "mistyped"))
        assert ran.status == 1
        assert "holds no index; make one with `rag-ingest FOLDER`" in ran.err
    assert not (tmp_path / "mistyped").exists()


# ask


def test_ask_prints_the_answer_as_json(answer: dict[str, Any]) -> None:
    assert set(answer) >= ANSWER
    assert answer["mode"] == "read"
    assert answer["citations"]
    assert all(set(citation) >= CITATION for citation in answer["citations"])
    assert all(set(hit) >= HIT for hit in answer["hits"])


def test_anyone_can_check_a_quote_with_text(rag_app: Commands, answer: dict[str, Any]) -> None:
    for citation in answer["citations"]:
        text = rag_app("text", citation["source"]).out
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        claim = answer["text"][citation["answer_start"] : citation["answer_end"]]
        assert claim == citation["quote"]


def test_what_the_documents_do_not_answer_is_not_answered(rag_app: Commands) -> None:
    question = "Who won the football world cup in 1974?"
    refusal = rag_app("ask", question, "--generator", "read", "--json").json()
    assert (refusal["mode"], refusal["citations"]) == ("abstain", [])


def test_an_answer_for_people_names_its_sources(rag_app: Commands) -> None:
    ran = rag_app("ask", QUESTION, "--generator", "read")
    assert "[1] " in ran.out
    assert "chance that the documents answer this" in ran.out


def test_a_generator_that_is_not_here_is_answered_with_the_command(rag_app: Commands) -> None:
    ran = rag_app("ask", QUESTION, "--generator", "nobody/nothing")
    assert ran.status == 1
    assert "rag-app models pull nobody/nothing" in ran.err


# --batch


@pytest.mark.parametrize("command", ["search", "ask"])
def test_a_batch_keeps_order_and_ids(rag_app: Commands, tmp_path: Path, command: str) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "z", "question": QUESTION},
        {"id": 7, "question": "Who chairs the committee?"},
        {"id": None, "question": "When is the yard open?"},
    ]
    results = rag_app(command, "--batch", batch(tmp_path, rows)).lines()
    assert [row["id"] for row in results] == ["z", 7, None]
    assert [row["question"] for row in results] == [row["question"] for row in rows]


def test_a_batch_gives_what_single_questions_give(
    rag_app: Commands, found: dict[str, Any], tmp_path: Path
) -> None:
    (row,) = rag_app("search", "--batch", batch(tmp_path, [{"question": QUESTION}])).lines()
    assert row["hits"] == found["hits"]
    assert "id" not in row


def test_blank_lines_of_a_batch_are_no_questions(rag_app: Commands, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(f'\n{{"question": "{QUESTION}"}}\r\n\n')
    assert len(rag_app("search", "--batch", str(tmp_path / "b.jsonl")).lines()) == 1


def test_a_batch_question_can_follow_earlier_ones(rag_app: Commands, tmp_path: Path) -> None:
    rows = [{"question": "And for a locker?", "history": [QUESTION]}]
    (result,) = rag_app("ask", "--batch", batch(tmp_path, rows)).lines()
    assert result["searched"] != result["question"]


@pytest.mark.parametrize("line", ["{", "[]", "{}", '"text"'])
def test_a_broken_batch_line_is_named_before_anything_is_printed(
    rag_app: Commands, tmp_path: Path, line: str
) -> None:
    (tmp_path / "b.jsonl").write_text(f'{{"question": "{QUESTION}"}}\n{line}\n')
    ran = rag_app("search", "--batch", str(tmp_path / "b.jsonl"))
    assert (ran.status, ran.out) == (1, "")
    assert "b.jsonl, line 2: not" in ran.err


# text, status, config, models, doctor


def test_text_takes_the_source_as_hits_tell_it(rag_app: Commands, found: dict[str, Any]) -> None:
    hit = found["hits"][0]
    text = rag_app("text", hit["source"]).out
    assert text[hit["start"] : hit["end"]] == hit["text"]


def test_text_as_json_names_its_source(rag_app: Commands, found: dict[str, Any]) -> None:
    source = found["hits"][0]["source"]
    assert rag_app("text", source, "--json").json()["source"] == source


def test_a_source_that_is_not_there_is_answered_with_the_command_that_lists_all(
    rag_app: Commands,
) -> None:
    ran = rag_app("text", "nowhere.md")
    assert ran.status == 1
    assert ran.err == "error: 'nowhere.md' is not in the index; `rag-app status` lists all\n"


def test_status_lists_every_file(rag_app: Commands) -> None:
    listed = rag_app("status", "--json").json()
    assert all(set(row) == {"source", "status", "reason", "same_as", "chunks"} for row in listed)
    assert {row["status"] for row in listed} == {"indexed"}
    assert len(rag_app("status").out.splitlines()) == len(listed) + 1


def test_config_tells_every_value_and_its_origin(
    rag_app: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_K", "9")
    settings = rag_app("config", "--json").json()
    assert settings["k"] == {"value": 9, "from": "RAG_APP_K"}
    assert settings["index"]["from"] == "flag"
    assert settings["dense_weight"]["from"] == "default"


def test_config_for_people_has_a_line_a_setting(rag_app: Commands) -> None:
    assert "k = 5  (default)" in rag_app("config").out.splitlines()


def test_models_are_listed_with_role_kind_and_size(rag_app: Commands) -> None:
    models = rag_app("models", "list", "--json").json()
    assert models[0]["name"] == "all-MiniLM-L6-v2"
    assert set(models[0]) == {"name", "role", "size", "folder", "kind"}


def test_doctor_reports_each_check(rag_app: Commands) -> None:
    ran = rag_app("doctor", "--json")
    report = ran.json()
    assert (ran.status, report["ok"]) == (0, True)
    assert all(set(check) == {"name", "ok", "detail"} for check in report["checks"])


def test_doctor_fails_with_a_fault(elsewhere: Commands, tmp_path: Path) -> None:
    ran = elsewhere("doctor", "--embedder", str(tmp_path / "no-model"))
    assert ran.status == 1
    assert "FAULT embedder: " in ran.out


def test_eval_prints_its_report_as_json(rag_app: Commands, tmp_path: Path) -> None:
    (tmp_path / "yard.md").write_text("Paint dries in six hours.")
    reference = {"start": 0, "end": 25, "text": "Paint dries in six hours."}
    row = {"question": "How long?", "corpus": "yard", "references": [reference]}
    batch(tmp_path, [row])
    report = rag_app("eval", "chunks", str(tmp_path), "--json").json()
    assert (report["recall"], report["questions"]) == (1, 1)


# Exit status and errors


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("serch", "x"),
        ("search",),
        ("ask",),
        ("search", "x", "--batch", "y"),
        ("search", "x", "-k", "few"),
        ("search", "x", "--where", "format"),
        ("eval", "speed", "x"),
        ("text",),
    ],
)
def test_wrong_usage_exits_with_2(rag_app: Commands, arguments: tuple[str, ...]) -> None:
    ran = rag_app(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("usage: rag-app")


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "x", "-k", "0"),
        ("search", "x", "--where", "a b=c"),
        ("search", "--batch", "nowhere.jsonl"),
        ("search", "x", "--embedder", "nobody/nothing"),
        ("eval", "retrieval", "nowhere"),
        ("eval", "answers", "nowhere.json"),
        ("eval", "chunks", "nowhere"),
        ("models", "pull"),
    ],
)
def test_what_the_user_can_mend_exits_with_1_and_one_line(
    rag_app: Commands, arguments: tuple[str, ...]
) -> None:
    ran = rag_app(*arguments)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_an_index_folder_that_is_a_file_is_one_line(elsewhere: Commands, tmp_path: Path) -> None:
    (tmp_path / "index").touch()
    ran = elsewhere("search", "x")
    assert ran.status == 1
    assert ran.err.count("\n") == 1


def test_a_damaged_catalogue_is_one_line(elsewhere: Commands, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "catalog.sqlite").write_bytes(b"no database " * 1_000)
    ran = elsewhere("search", "x")
    assert ran.status == 1
    assert "catalog.sqlite cannot be opened" in ran.err
    assert ran.err.count("\n") == 1


# As a program


def test_the_program_works_from_any_folder(samples_index: Path, tmp_path: Path) -> None:
    ran = run_program("search", QUESTION, "--json", cwd=tmp_path, RAG_APP_INDEX=str(samples_index))
    assert (ran.status, ran.err) == (0, "")
    assert ran.json()["hits"]


def test_an_error_of_the_program_has_no_traceback(tmp_path: Path) -> None:
    ran = run_program("search", "x", "--index", "index", cwd=tmp_path, RAG_APP_K="0")
    assert ran.status == 1
    assert ran.err == "error: RAG_APP_K=0 is out of range; use 1 or more\n"


def test_output_is_utf8_wherever_it_goes(tmp_path: Path) -> None:
    ran = run_program("status", "--index", "nöwhere", cwd=tmp_path, PYTHONIOENCODING="ascii")
    assert "nöwhere holds no index" in ran.err


@pytest.mark.parametrize(
    "command", ["search", "ask", "text", "status", "config", "doctor", "models", "eval"]
)
def test_every_command_explains_itself(rag_app: Commands, command: str) -> None:
    ran = rag_app(command, "--help")
    assert ran.status == 0
    assert all(option in ran.out for option in ("--index DIR", "--json"))
