"""Question sets of one's own: what is read, what is measured, and what two settings differ in."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sync import store, sync
from rag_app.errors import ConfigError, DataError
from rag_app.evaluation.comparison import Comparison
from rag_app.evaluation.question_report import Figure, QuestionReport
from rag_app.evaluation.question_runner import Asked, Miss, Ranks, ask_questions
from rag_app.evaluation.questions import (
    Place,
    Question,
    names_of,
    of_these,
    parse_questions,
    read_questions,
    sources_by_name,
    spread,
)
from rag_app.evaluation.report_text import report_text, settings_lines, side_by_side_text
from rag_app.history.conversations import Conversations, KeptTurn
from rag_app.index.index import Index
from rag_app.rag import Rag
from rag_app.retrieval.retriever import Retriever
from rag_app.schema import Answer
from rag_app.settings.provenance import Settings
from rag_app.settings.variants import variant
from rag_app.workbench.question_sets import questions_of_documents
from tests.conftest import ROOT
from tests.fakes import (
    FixedReader,
    HashEmbedder,
    OverlapReranker,
    ScriptedGenerator,
    a_document,
    a_hit,
)
from tests.test_ui_components import an_abstention, an_answer

TOOLS = "Saws and chisels hang on the north wall."
BOATS = "Skiffs lie at berth seven."


def parse(*rows: Mapping[str, Any]) -> list[Question]:
    return parse_questions("\n".join(map(json.dumps, rows)), name="set.jsonl")


@pytest.fixture
def rag(index: Index, embedder: HashEmbedder) -> Rag:
    """Two documents; the best hit is quoted whole."""
    boats = a_document(BOATS, source="docs/boats.txt", metadata={"format": "txt"})
    store([a_document(TOOLS, source="docs/tools.md"), boats], index, embedder=embedder)
    settings = Settings(index=index.folder, answer="read", k=1)
    retriever, reader = Retriever(index, embedder, k=1), FixedReader(0, len(TOOLS))
    return Rag(index, embedder, retriever, reader, generator=None, settings=settings)


def outcome(question: Question, answer: Answer, **fields: Any) -> Asked:
    """An outcome with nothing known beyond what is given."""
    known = {"seconds": 1.0, "k": 5, "ranks": (), "contains": None, "repeated": None}
    return Asked(question, answer, **(known | fields))


ANSWERED, REFUSED = an_answer(a_hit(TOOLS)), an_abstention(a_hit(TOOLS))
PLACE = Place("a.md")
KNOWN, UNKNOWN = Question("Where?", answerable=True), Question("Who?", answerable=False)


# Reading


def test_the_questions_about_the_samples_are_read_whole() -> None:
    questions = read_questions(ROOT / "data" / "eval" / "questions.jsonl")
    assert [q.answerable for q in questions].count(False) == 20
    first, follow_up = questions[0], questions[66]
    assert (first.id, first.kind, first.answers) == ("q001", "lookup", ("31 December 2041",))
    assert first.places == (Place("members-handbook.md", 482, 581),)
    assert follow_up.history == ("How much does a full membership cost per year?",)


def test_a_source_alone_is_a_document_to_be_found() -> None:
    (question,) = parse({"question": "Where?", "source": "docs/a.md"})
    assert question.places == (Place("docs/a.md"),)
    assert (question.answers, question.answerable, question.id) == ((), True, "1")


def test_several_answers_and_numbers_are_taken() -> None:
    several, number = parse(
        {"question": "Who?", "answer": ["Ann", "Ann Hall"]}, {"question": "How many?", "answer": 0}
    )
    assert (several.answers, number.answers) == (("Ann", "Ann Hall"), ("0",))


@pytest.mark.parametrize("row", [{"answer": None}, {"gold": []}, {"answer": "", "gold": []}])
def test_a_question_without_an_answer_is_one_to_refuse(row: dict[str, Any]) -> None:
    (question,) = parse({"question": "Who?", **row})
    assert question.answerable is False


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "Who?"}, "say the `answer`"),
        ({"question": " ", "answer": "a"}, "empty"),
        ({"answer": "a"}, "question"),
        ({"question": "Who?", "gold": [{"start": 1}]}, "source"),
        (["Who?"], "not of this layout"),
    ],
)
def test_another_layout_is_told_with_its_line(row: Any, reason: str) -> None:
    with pytest.raises(DataError, match=rf"set\.jsonl, line 2: .*{reason}"):
        parse({"question": "Where?", "answer": "here"}, row)


def test_an_empty_set_is_told() -> None:
    with pytest.raises(DataError, match="holds no questions"):
        parse()


def judged(folder: Path, *answers: Answer, verdict: Any) -> list[Question]:
    """The questions that thumbs become."""
    kept = Conversations(folder)
    id_ = kept.keep("", [KeptTurn(a.question, answer=a, verdict=verdict) for a in answers])
    assert id_
    lines = kept.judged()
    kept.close()
    return parse_questions(lines, name="thumbs")


def test_a_thumb_up_says_what_is_to_be_quoted_or_refused(tmp_path: Path) -> None:
    right, refused = judged(tmp_path, ANSWERED, REFUSED, verdict="up")
    quote = ANSWERED.citations[0].quote
    assert (right.quotes, right.answerable, right.kind) == ((quote,), True, "thumb up")
    assert right.places == (Place("notes.md", 0, len(quote)),)
    assert (refused.answerable, refused.history) == (False, (ANSWERED.question,))


def test_a_thumb_down_says_what_is_not_to_be_said_again(tmp_path: Path) -> None:
    wrong, refused = judged(tmp_path, ANSWERED, REFUSED, verdict="down")
    assert (wrong.wrong, wrong.answerable) == ((ANSWERED.citations[0].quote,), None)
    assert (refused.wrong, refused.answerable, refused.expected) == ((), True, ())


def test_some_questions_are_spread_over_the_set() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread(range(3), 5) == range(3)


def test_a_document_goes_by_the_ends_of_its_path() -> None:
    assert names_of("/home/me/docs/a.md")[1:] == (
        "a.md",
        "docs/a.md",
        "me/docs/a.md",
        "home/me/docs/a.md",
    )


def test_questions_on_documents_that_are_not_there_are_left_out(rag: Rag) -> None:
    names = sources_by_name(rag.index.catalog)
    here, gone, nowhere = parse(
        {"question": "Where?", "source": "tools.md"},
        {"question": "Where?", "source": "gone.md"},
        {"question": "Where?", "answer": None},
    )
    assert of_these([here, gone, nowhere], names, name="set") == [here, nowhere]
    assert of_these([nowhere], names, name="set") == [nowhere]
    with pytest.raises(DataError, match=r"set: 'gone\.md' is not in the index"):
        of_these([gone, nowhere], names, name="set")


def test_a_copy_is_found_under_the_name_of_the_file_that_has_the_text(
    index: Index, embedder: HashEmbedder, docs: Path
) -> None:
    (docs / "copy.txt").write_bytes((docs / "boats.txt").read_bytes())
    sync([docs], index, embedder=embedder)
    names = sources_by_name(index.catalog)
    assert names["copy.txt"] == names["boats.txt"]


# Asking


def test_answers_ranks_and_times_are_measured(rag: Rag) -> None:
    place = Place("tools.md", 0, len(TOOLS))
    question = replace(KNOWN, text="Where do saws hang?", answers=("north wall",), places=(place,))
    (row,) = ask_questions(rag, [question])
    assert (row.contains, row.found, row.passage_found, row.miss) == (True, True, True, None)
    assert row.ranks == (Ranks(place, 1, 1),)
    assert (row.k, row.answer.mode) == (1, "read")
    assert row.seconds > 0


def test_a_document_below_the_hits_has_its_rank_and_is_not_found(rag: Rag) -> None:
    question = replace(KNOWN, text="Where do saws hang?", answers=("seven",))
    (row,) = ask_questions(rag, [replace(question, places=(Place("boats.txt"),))])
    assert (row.ranks, row.rank) == ((Ranks(Place("boats.txt"), 2, None),), 2)
    assert (row.found, row.passage_found, row.miss) == (False, None, "not found")


def test_all_right_documents_are_needed(rag: Rag) -> None:
    places = (Place("tools.md"), Place("boats.txt"))
    question = replace(KNOWN, text="Where do saws hang?", places=places)
    first, both = (
        next(ask_questions(rag.under(replace(rag.settings, k=k)), [question])) for k in (1, 2)
    )
    assert (first.found, first.rank, both.found) == (False, 1, True)


def test_a_question_is_asked_of_its_documents_and_after_its_history(rag: Rag) -> None:
    question = replace(KNOWN, text="And skiffs?", history=("Where do saws lie?",))
    (row,) = ask_questions(rag, [replace(question, where={"format": "md"})])
    assert [Path(hit.chunk.source).name for hit in row.answer.hits] == ["tools.md"]
    assert row.answer.searched != "And skiffs?"


def test_a_written_answer_must_itself_say_what_is_expected(rag: Rag) -> None:
    rag = Rag(
        rag.index,
        rag.embedder,
        rag.retriever,
        rag.reader,
        generator=ScriptedGenerator("Saws and chisels hang there."),
        settings=rag.settings,
    )
    question = replace(KNOWN, text="Where do saws hang?", answers=("north wall",))
    quoted = replace(question, answers=(), quotes=(TOOLS,))
    written, cited = ask_questions(rag, [question, quoted])
    assert written.answer.mode == "generate"
    assert (written.contains, cited.contains) == (False, True)


def test_what_was_judged_wrong_is_recognised(rag: Rag) -> None:
    again = replace(KNOWN, text="Where do saws hang?", wrong=(TOOLS,), answerable=None)
    same, other = ask_questions(rag, [again, replace(again, wrong=(TOOLS, BOATS))])
    assert (same.repeated, same.miss) == (True, "repeated")
    assert (other.repeated, other.miss) == (False, None)


@pytest.mark.parametrize(
    ("row", "miss"),
    [
        (outcome(UNKNOWN, REFUSED), None),
        (outcome(UNKNOWN, ANSWERED), "answered"),
        (outcome(KNOWN, REFUSED, contains=False), "refused"),
        (outcome(KNOWN, ANSWERED, contains=False), "not quoted"),
        (outcome(KNOWN, ANSWERED, contains=False, ranks=(Ranks(PLACE, 6, None),)), "not found"),
        (outcome(KNOWN, ANSWERED, contains=True, ranks=(Ranks(PLACE, None, None),)), None),
        (outcome(KNOWN, ANSWERED, ranks=(Ranks(PLACE, 5, None),)), None),
        (outcome(KNOWN, ANSWERED), None),
    ],
)
def test_a_miss_has_one_kind(row: Asked, miss: Miss | None) -> None:
    assert row.miss == miss


# Figures


def a_report(*rows: Asked) -> QuestionReport:
    return QuestionReport.of(rows, Settings())


def test_every_figure_knows_the_questions_behind_it() -> None:
    first, second = replace(KNOWN, kind="easy"), replace(KNOWN, kind="hard")
    report = a_report(
        outcome(first, ANSWERED, contains=True, ranks=(Ranks(PLACE, 2, None),)),
        outcome(second, REFUSED, contains=False, ranks=(Ranks(PLACE, None, None),)),
        outcome(UNKNOWN, REFUSED, seconds=3.0),
    )
    totals = report.totals()
    assert totals["right"] == Figure(2 / 3, 3)
    assert totals["contains_gold"] == totals["recall"] == totals["false_refusals"] == Figure(0.5, 2)
    assert totals["mrr"] == Figure(0.25, 2)
    assert totals["refused_unanswerable"] == Figure(1.0, 1)
    assert totals["passage_recall"] == totals["repeated_wrong"] == Figure(None, 0)
    assert report.kinds == ("easy", "hard")
    assert report.totals("hard")["contains_gold"] == Figure(0.0, 1)
    assert report.seconds["p50"] == 1.0
    assert [row.miss for row in report.misses()] == ["refused"]
    assert report.misses("answered") == []


def test_a_report_is_json_and_text() -> None:
    report = a_report(outcome(replace(KNOWN, id="q7", kind="easy", answers=("x",)), REFUSED))
    told = json.loads(json.dumps(report.as_dict()))
    assert told["totals"]["false_refusals"] == {"value": 1.0, "questions": 1}
    assert "mrr" not in told["totals"]
    assert told["settings"]["k"] == 5
    assert told["rows"][0]["miss"] == "refused"
    text = report_text(replace(report, left_out=2))
    assert "1 questions; 2 left out" in text
    assert "Refused, although the documents answer: 1\n  q7 Where?" in text


# Side by side


def sides(before: Sequence[bool], after: Sequence[bool]) -> Comparison:
    made = [
        a_report(*(outcome(KNOWN, ANSWERED, contains=said) for said in said_of))
        for said_of in (before, after)
    ]
    return Comparison(made[0], replace(made[1], settings={**made[1].settings, "k": 8}))


def test_a_clear_gain_is_more_than_chance() -> None:
    both = sides([False] * 8 + [True] * 2, [True] * 10)
    change = both.changes()["contains_gold"]
    assert (change.better, change.worse, change.gain) == (8, 0, pytest.approx(0.8))
    assert change.beyond_chance
    assert both.differing == {"k": 8}
    assert (len(both.better), both.worse, both.winner) == (8, [], "after")
    assert side_by_side_text(both).endswith("in the settings file:\nk = 8")


def test_three_questions_are_no_proof() -> None:
    both = sides([False] * 3 + [True] * 7, [True] * 10)
    change = both.changes()["contains_gold"]
    assert (change.better, change.beyond_chance, both.winner) == (3, False, None)


def test_a_clear_loss_is_more_than_chance_too() -> None:
    both = sides([True] * 10, [False] * 10)
    change = both.changes()["contains_gold"]
    assert change.gain == -1.0
    assert change.beyond_chance
    assert (len(both.worse), both.winner) == (10, "before")


def test_lines_for_the_settings_file_are_toml() -> None:
    both = sides([False], [True])
    values = {**both.before.settings, "reranker": 'a "model"\\é', "dense_weight": 0.4}
    lines = settings_lines(Comparison(both.before, replace(both.after, settings=values)))
    assert tomllib.loads(lines) == {"reranker": 'a "model"\\é', "dense_weight": 0.4}


def test_fewer_false_refusals_are_a_gain() -> None:
    before = a_report(*[outcome(KNOWN, REFUSED)] * 6)
    after = a_report(*[outcome(KNOWN, ANSWERED)] * 6)
    change = Comparison(before, after).changes()["false_refusals"]
    assert (change.better, change.gain, change.beyond_chance) == (6, 1.0, True)


def test_both_sides_are_json_and_text() -> None:
    both = sides([False, True], [True, True])
    told = json.loads(json.dumps(both.as_dict()))
    assert told["differing"] == {"k": 8}
    assert told["changes"]["contains_gold"]["better"] == 1
    assert told["changes"]["contains_gold"]["beyond_chance"] is False
    text = side_by_side_text(both)
    assert "+50.0: 1 better, 0 worse of 2; may be chance" in text
    assert "better: 1\n" in text


# Settings that may differ


def test_values_in_words_become_settings() -> None:
    changed = variant(Settings(), {"k": "8", "dense_weight": "0.4", "reranker": "a-model"})
    assert (changed.k, changed.dense_weight, changed.reranker) == (8, 0.4, "a-model")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"chunk_tokens": "256"}, "chunk_tokens cannot change without a new index; use k, "),
        ({"deepness": "3"}, "deepness is no setting; use k, "),
        ({"k": "many"}, "k='many' is not a valid int"),
        ({"k": "0"}, "k=0 is out of range"),
    ],
)
def test_other_values_are_told(values: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        variant(Settings(), values)


def test_models_that_both_name_are_shared(rag: Rag) -> None:
    other = rag.under(replace(rag.settings, k=2, min_confidence=0.95))
    assert other.index is rag.index
    assert other.reader is rag.reader
    assert len(other.retriever.search("saws")) == 2
    assert other.ask("Where do saws hang?").mode == "abstain"


def test_a_reranker_stays_where_nobody_changes_it(index: Index, embedder: HashEmbedder) -> None:
    reranker = OverlapReranker()
    rag = Rag.assemble(index, embedder, settings=Settings(index=index.folder), reranker=reranker)
    assert rag.under(replace(rag.settings, k=2)).retriever.reranker is reranker


def test_an_index_cannot_be_asked_under_settings_of_another(rag: Rag) -> None:
    with pytest.raises(ConfigError, match="embedder cannot change without a new index"):
        rag.under(replace(rag.settings, embedder="another"))


# Questions made from the documents


def test_made_questions_know_their_answer_and_where_it_stands(samples: Rag) -> None:
    questions = questions_of_documents(samples.index, count=6)
    names = sources_by_name(samples.index.catalog)
    assert len(questions) == 6
    for question in questions:
        (place,) = question.places
        (source,) = names[place.source]
        document = samples.index.catalog.document(source)
        assert document is not None
        assert question.answers[0] in document.text[place.start : place.end]


def test_too_few_made_questions_are_told(rag: Rag) -> None:
    with pytest.raises(DataError, match="add more"):
        questions_of_documents(rag.index, count=10)


# With the real models


@pytest.fixture
def some(tmp_path: Path) -> Path:
    """A question that is answered, one that is not found, one that is to be refused."""
    lines = (ROOT / "data" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if json.loads(line)["id"] in {"q001", "q061", "q096"}]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(kept), encoding="utf-8")
    return path


def test_the_samples_are_asked_with_the_bundled_reader(samples: Rag, some: Path) -> None:
    answered, missed, refused = ask_questions(samples, read_questions(some))
    assert (answered.miss, answered.rank) == (None, 1)
    assert missed.miss == "not found"
    assert (refused.refused, refused.miss) == (True, None)
