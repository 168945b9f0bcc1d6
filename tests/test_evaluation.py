"""The three evaluations on small data in the public layouts."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag_app.errors import DataError
from rag_app.evaluation.answers import evaluate_answers
from rag_app.evaluation.chunks import evaluate_chunks
from rag_app.evaluation.evaluations import evaluate
from rag_app.evaluation.retrieval import evaluate_retrieval
from rag_app.evaluation.temporary_index import evaluation_document, open_temporary_index
from rag_app.settings.provenance import Settings

CORPUS = {
    "boats": "The club owns four rowing boats and one sailing dinghy.",
    "paint": "Antifouling paint dries in six hours at twenty degrees.",
    "keys": "The key of the tool store hangs behind the office door.",
}
QUERIES = {
    "q1": ("How long does antifouling paint dry?", "paint"),
    "q2": ("Where is the key of the tool store?", "keys"),
}
PARAGRAPH = (
    "The slipway was built in 1907 by the brothers Hall. It is forty metres long. "
    "Every boat must be washed before it is launched."
)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def beir(folder: Path) -> Path:
    """A collection in BEIR layout."""
    write_lines(folder / "corpus.jsonl", [{"_id": i, "text": t} for i, t in CORPUS.items()])
    write_lines(folder / "queries.jsonl", [{"_id": i, "text": q} for i, (q, _) in QUERIES.items()])
    lines = [f"{id_}\t{document}\t1\n" for id_, (_, document) in QUERIES.items()]
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))
    return folder


def squad(file: Path, *, impossible: bool) -> Path:
    """A question set in SQuAD 2.0 layout, or 1.1 where every question has an answer."""
    rows = [
        {
            "question": "When was the slipway built?",
            "answers": [{"text": "1907", "answer_start": PARAGRAPH.index("1907")}],
        }
    ]
    if impossible:
        rows.append({"question": "Who won the chess cup?", "answers": [], "is_impossible": True})  # type: ignore[dict-item]
    paragraphs = [{"context": PARAGRAPH, "qas": rows}, {"context": CORPUS["keys"], "qas": []}]
    file.write_text(json.dumps({"data": [{"title": "The_yard", "paragraphs": paragraphs}]}))
    return file


def chunking(folder: Path) -> Path:
    """Texts and questions in the layout of Chroma's chunking report."""
    folder.mkdir(exist_ok=True)
    text = " ".join(CORPUS.values())
    (folder / "yard.md").write_text(text, encoding="utf-8")
    wanted = CORPUS["paint"]
    start = text.index(wanted)
    reference = {"start": start, "end": start + len(wanted), "text": wanted}
    write_lines(
        folder / "questions.jsonl",
        [{"question": QUERIES["q1"][0], "corpus": "yard", "references": [reference]}],
    )
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The defaults, with a cache that the module's reports share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Settings()


@pytest.fixture(scope="module")
def retrieval(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> dict[str, Any]:
    return evaluate_retrieval(beir(tmp_path_factory.mktemp("beir")), settings=settings)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> dict[str, Any]:
    file = squad(tmp_path_factory.mktemp("squad") / "dev.json", impossible=True)
    return evaluate_answers(file, settings=settings)


@pytest.fixture(scope="module")
def chunks(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> dict[str, Any]:
    return evaluate_chunks(chunking(tmp_path_factory.mktemp("chunking")), settings=settings)


# Reports


def test_the_retrieval_report_has_the_published_keys(retrieval: dict[str, Any]) -> None:
    assert set(retrieval) == {
        *("ndcg@10", "recall@10", "recall@100", "mrr@10"),
        *("queries", "documents", "latency_ms", "ingest"),
    }
    assert set(retrieval["latency_ms"]) == {"p50", "p95"}


def test_the_retrieval_report_holds_that_of_the_ingestion(retrieval: dict[str, Any]) -> None:
    assert retrieval["ingest"]["added"] == len(CORPUS)
    assert set(retrieval["ingest"]["stages"]) == {"load", "chunk", "embed", "store"}


def test_what_is_easy_to_find_is_found_first(retrieval: dict[str, Any]) -> None:
    assert retrieval["ndcg@10"] == retrieval["mrr@10"] == retrieval["recall@10"] == 1
    assert (retrieval["queries"], retrieval["documents"]) == (2, 3)


def test_the_answers_report_has_the_published_keys(answers: dict[str, Any]) -> None:
    assert set(answers["reading"]) == {"exact", "f1", "sentence", "questions"}
    assert set(answers["end_to_end"]) >= {"exact", "f1", "recall@1", "recall@5"}
    assert set(answers["abstention"]) == {"auroc", "ece", "false_answer", "false_refusal"}
    assert set(answers["seconds_per_question"]) == {"p50", "p95"}
    assert answers["citation_exact"] == 1


def test_the_sentence_that_answers_is_read(answers: dict[str, Any]) -> None:
    assert answers["reading"]["sentence"] == 1
    assert answers["end_to_end"]["recall@1"] == 1


def test_abstention_is_measured_where_some_questions_have_no_answer(
    answers: dict[str, Any],
) -> None:
    found = dict(answers["abstention"])
    assert 0 <= found.pop("ece") < 0.2
    assert found == {"auroc": 1, "false_answer": 0, "false_refusal": 0}


def test_the_chunks_report_has_the_published_keys(chunks: dict[str, Any]) -> None:
    assert set(chunks) == {"recall", "precision", "iou", "precision_omega", "questions"}


def test_one_chunk_around_the_reference_is_measured_by_their_lengths(
    chunks: dict[str, Any],
) -> None:
    share = len(CORPUS["paint"]) / len(" ".join(CORPUS.values()))
    expected = {"recall": 1, "precision": share, "iou": share, "precision_omega": share}
    assert chunks == pytest.approx({**expected, "questions": 1})


def test_text_of_another_corpus_counts_as_wrongly_retrieved(
    tmp_path: Path, settings: Settings
) -> None:
    folder = chunking(tmp_path / "data")
    (folder / "other.md").write_text(PARAGRAPH)
    report = evaluate_chunks(folder, settings=settings, k=2)
    retrieved = len(PARAGRAPH) + len(" ".join(CORPUS.values()))
    assert report["precision"] == pytest.approx(len(CORPUS["paint"]) / retrieved)


def test_without_unanswerable_questions_abstention_is_left_out(
    tmp_path: Path, settings: Settings
) -> None:
    file = squad(tmp_path / "dev.json", impossible=False)
    assert "abstention" not in evaluate_answers(file, settings=settings)


def test_a_report_is_json_even_where_no_question_has_an_answer(
    tmp_path: Path, settings: Settings
) -> None:
    rows = [{"question": "Who won the chess cup?", "answers": [], "is_impossible": True}]
    article = {"title": "Yard", "paragraphs": [{"context": PARAGRAPH, "qas": rows}]}
    (tmp_path / "dev.json").write_text(json.dumps({"data": [article]}))
    report = evaluate_answers(tmp_path / "dev.json", settings=settings)
    assert json.dumps(report, allow_nan=False)


def test_a_limit_asks_only_so_many_questions(tmp_path: Path, settings: Settings) -> None:
    report = evaluate("retrieval", beir(tmp_path), settings=settings, limit=1)
    assert report["queries"] == 1


def test_numbers_as_ids_are_ids(tmp_path: Path, settings: Settings) -> None:
    folder = beir(tmp_path)
    write_lines(folder / "corpus.jsonl", [{"_id": 7, "title": "Paint", "text": "It dries."}])
    write_lines(folder / "queries.jsonl", [{"_id": 1, "text": "Does paint dry?"}])
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\t7\t1\n")
    assert evaluate_retrieval(folder, settings=settings)["mrr@10"] == 1


# The throw-away index


def test_the_same_documents_are_indexed_only_once(caplog: pytest.LogCaptureFixture) -> None:
    documents = [evaluation_document(name, text) for name, text in CORPUS.items()]
    reports = []
    with caplog.at_level(logging.WARNING, logger="rag_app"):
        for _ in range(2):
            rag, report = open_temporary_index(documents, Settings())
            rag.close()
            reports.append(report)
    assert [record.message[:8] for record in caplog.records] == ["indexing"]
    assert reports[0] == reports[1]


def test_other_documents_get_an_index_of_their_own() -> None:
    first, _ = open_temporary_index([evaluation_document("a", "One text.")], Settings())
    second, _ = open_temporary_index([evaluation_document("a", "Another text.")], Settings())
    assert first.index.folder != second.index.folder
    first.close()
    second.close()


def test_smaller_chunks_are_made_anew(tmp_path: Path) -> None:
    documents = [evaluation_document("a", PARAGRAPH * 20)]
    sizes = []
    for tokens in (512, 64):
        rag, _ = open_temporary_index(documents, Settings(chunk_tokens=tokens))
        sizes.append(rag.index.catalog.count_chunks())
        rag.close()
    assert sizes[0] < sizes[1]


# Data that is not of the layout


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"text": "no id"}', '{"_id": "x", "text": null, "title": "y"}']
)
def test_a_broken_line_is_named_with_its_file(
    tmp_path: Path, settings: Settings, line: str
) -> None:
    path = beir(tmp_path) / "corpus.jsonl"
    path.write_text(path.read_text() + line)
    with pytest.raises(DataError, match=r"corpus\.jsonl, line 4: "):
        evaluate_retrieval(tmp_path, settings=settings)


@pytest.mark.parametrize("line", ["q1", "q1\tpaint", "q1\tpaint\tyes"])
def test_a_broken_judgement_is_named_with_its_file(
    tmp_path: Path, settings: Settings, line: str
) -> None:
    path = beir(tmp_path) / "qrels" / "test.tsv"
    path.write_text(path.read_text() + line)
    with pytest.raises(DataError, match=r"test\.tsv, line 4: "):
        evaluate_retrieval(tmp_path, settings=settings)


def test_a_split_that_is_not_there_is_named(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(DataError, match=r"dev\.tsv: No such file"):
        evaluate_retrieval(beir(tmp_path), settings=settings, split="dev")


def test_judgements_of_no_known_question_are_reported(tmp_path: Path, settings: Settings) -> None:
    write_lines(beir(tmp_path) / "queries.jsonl", [{"_id": "q9", "text": "Why?"}])
    with pytest.raises(DataError, match="no question judged in 'test'"):
        evaluate_retrieval(tmp_path, settings=settings)


@pytest.mark.parametrize("content", ["", "{}", '{"data": [{"title": "T"}]}', '{"data": [7]}'])
def test_a_file_that_is_no_squad_is_named(tmp_path: Path, settings: Settings, content: str) -> None:
    (tmp_path / "dev.json").write_text(content)
    with pytest.raises(DataError, match=r"dev\.json: not in SQuAD layout"):
        evaluate_answers(tmp_path / "dev.json", settings=settings)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"corpus": "shed"}, "there is no shed.md"),
        ({"references": []}, "no reference text"),
        ({"references": [{"start": 1}]}, "'end'"),
    ],
)
def test_a_broken_chunking_question_is_named_with_its_line(
    tmp_path: Path, settings: Settings, spoilt: dict[str, Any], reason: str
) -> None:
    path = chunking(tmp_path) / "questions.jsonl"
    write_lines(path, [{**json.loads(path.read_text()), **spoilt}])
    with pytest.raises(DataError, match=rf"questions\.jsonl, line 1: .*{reason}"):
        evaluate_chunks(tmp_path, settings=settings)


def test_a_folder_without_texts_is_named(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(DataError, match=r"holds no \*\.md"):
        evaluate_chunks(tmp_path, settings=settings)


def test_a_file_in_another_encoding_is_named(tmp_path: Path, settings: Settings) -> None:
    (beir(tmp_path) / "corpus.jsonl").write_bytes("{'é'}".encode("latin-1"))
    with pytest.raises(DataError, match=r"corpus\.jsonl: not UTF-8"):
        evaluate_retrieval(tmp_path, settings=settings)
