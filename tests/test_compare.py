"""Models side by side, and the reports of the workbench."""

import json
from pathlib import Path

import pytest

from rag_app.cli import main
from rag_app.errors import DataError
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.settings.provenance import Settings
from rag_app.workbench.compare import HEADING, compare
from rag_app.workbench.html_report import write_page
from rag_app.workbench.training_data import HeldOut, sample

BOATS = [f"Boat {name} lies at the {name} pier." for name in ("red", "blue", "green", "old")]


def held() -> HeldOut:
    return HeldOut(
        {f"q{n}": f"Where is {text.split(' lies')[0].lower()}?" for n, text in enumerate(BOATS)},
        {f"d{n}": text for n, text in enumerate([*BOATS, "Bread is baked at dawn."])},
        {f"q{n}": {f"d{n}": 1} for n in range(len(BOATS))},
    )


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    whole = held()
    (tmp_path / "qrels").mkdir()
    corpus = [{"_id": id_, "title": "", "text": text} for id_, text in whole.corpus.items()]
    asked = [{"_id": id_, "text": text} for id_, text in whole.questions.items()]
    for name, rows in (("corpus", corpus), ("queries", asked)):
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(lines)
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(len(BOATS)))
    (tmp_path / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return tmp_path


def test_models_are_measured_on_the_same_texts() -> None:
    whole, short = compare(
        [BUNDLED_EMBEDDER, f"{BUNDLED_EMBEDDER}@16"], held(), settings=Settings()
    )
    assert (whole.dimensions, whole.bytes_per_text) == (384, 4 * 384)
    assert whole.mean == 1
    assert whole.passage_ms > 0
    assert whole.question_ms > 0
    assert whole.geometry is not None
    assert short.geometry is not None
    assert whole.geometry.alignment == pytest.approx(short.geometry.alignment, abs=0.01)
    assert whole.sureness == 0  # of being ahead of itself
    seconds, size = whole.switching(1_000)
    assert seconds == pytest.approx(whole.passage_ms)
    assert size == 1_000 * 4 * 384


def test_the_command_prints_a_line_for_each_model_and_writes_a_report(
    beir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.html"
    arguments = ["embed", "compare", BUNDLED_EMBEDDER, "--exam", str(beir), "--report", str(report)]
    assert main(arguments) == 0
    first, heading, row = capsys.readouterr().out.splitlines()
    assert first == "4 questions over 5 texts"
    assert heading.split()[:2] == list(HEADING[:2])
    assert row.split()[:2] == [BUNDLED_EMBEDDER, "384"]
    page = report.read_text()
    assert "<svg" in page
    assert "<script" not in page
    assert BUNDLED_EMBEDDER in page


def test_the_command_prints_json(beir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["embed", "compare", BUNDLED_EMBEDDER, "--exam", str(beir), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["questions"], told["texts"]) == (4, 5)
    assert told["models"][0]["ndcg@10"] == 1
    assert told["models"][0]["switching"]["bytes"] == 5 * 4 * 384


def test_a_sample_keeps_what_is_right_for_its_questions() -> None:
    some = sample(held(), questions=2, texts=3)
    assert len(some.questions) == 2
    assert len(some.corpus) == 3
    assert {text for judged in some.relevant.values() for text in judged} <= set(some.corpus)
    assert some == sample(held(), questions=2, texts=3)


def test_names_in_a_report_stay_text(tmp_path: Path) -> None:
    write_page(tmp_path / "r.html", "<b>", ["<i>"], [["<u>"], ["<script>x</script>"]], [])
    page = (tmp_path / "r.html").read_text()
    for tag in ("<b>", "<i>", "<u>", "<script>"):
        assert tag not in page


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        write_page(tmp_path / "none" / "r.html", "", [], [[""]], [])


def test_a_late_interaction_model_is_compared_with_the_others(late_folder: Path) -> None:
    one, many = compare([BUNDLED_EMBEDDER, str(late_folder)], held(), settings=Settings())
    assert many.geometry is None
    assert many.mean > 0.6
    assert many.bytes_per_text > one.bytes_per_text
    assert many.row(5)[HEADING.index("alignment")] == "–"
