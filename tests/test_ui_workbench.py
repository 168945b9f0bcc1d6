"""The workbench and the map: each part is drawn in German, and says nothing in English."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ingest.sync import sync
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from tests.test_ui_training import Program
from ui.jobs.training_job import TrainingJob
from ui.resources import shared
from ui.session import keys

TEXTS = {
    "tools.md": "# Where the tools hang\n\nSaws and chisels hang on the north wall of the shed.\n",
    "berths.md": "# What a berth costs\n\nA berth costs £120 a year, and a skiff half of that.\n",
    "wind.md": "# How windy it may be\n\nNo canoes go out above force four, and no rafts.\n",
}
SAME = "Codes Text float32 int8 binary sentence transformers all-MiniLM-L6-v2"  # in both languages


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Path:
    """The folder of an index with three short documents."""
    folder = tmp_path_factory.mktemp("library")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    index = Index.open(folder / "index", embedder=minilm)
    sync([folder / name for name in TEXTS], index, embedder=minilm)
    index.close()
    return folder / "index"


def script(view: str, index: str, language: str) -> None:
    from importlib import import_module
    from pathlib import Path

    from rag_app.models.model_files import BUNDLED_EMBEDDER
    from rag_app.settings.provenance import Settings
    from ui.languages.language import choose_language

    choose_language(language, None)
    settings = Settings(index=Path(index), embedder=BUNDLED_EMBEDDER, answer="read")
    import_module(f"ui.views.{view}").render(settings)


def spoken(view: str, index: Path, language: str, *, part: str = "tokens") -> set[str]:
    """What is said on the page, once its button has been pressed, if it has one."""
    arguments = (view, str(index), language)
    page = AppTest.from_function(script, default_timeout=120, args=arguments)
    page.session_state[keys.PART] = part
    page.run()
    if part == "compare":
        page.text_area(keys.MODELS).set_value("all-MiniLM-L6-v2")
    if part in {"compare", "codes"}:
        page.button[0].click().run()
    assert not page.exception
    return _words(page)


def _words(page: AppTest) -> set[str]:
    widgets = (
        *page.button,
        *page.checkbox,
        *page.selectbox,
        *page.slider,
        *page.text_area,
        *page.text_input,
    )
    said = {widget.label for widget in widgets} | {caption.value for caption in page.caption}
    for group in page.get("button_group"):
        said |= {group.proto.label, *(option.content for option in group.proto.options)}
    html = "\n".join(str(element.proto.body) for element in page.get("html"))
    said |= {*re.split(r"<[^>]*>|\n", html)}
    return {line.strip() for line in said if re.search("[a-z]{3}", line)}


def _is_of_documents(line: str) -> bool:
    """Whether it is a document's, or a name that is the same everywhere."""
    known = " ".join([SAME, *TEXTS, *TEXTS.values()])
    return line in known or line in " ".join(known.split())


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("tokens", "Wo die Textstellen eines Dokuments beginnen und enden"),
        ("similarity", "1 ist dieselbe Richtung, 0 hat nichts gemeinsam."),
        ("alike", "0 Paare von Textstellen sagen fast dasselbe."),
        ("unlike", "Ausreißer"),
        ("compare", "Millisekunden pro Text"),
        ("codes", "Bytes pro Textstelle"),
        ("matches", "Ordner des Modells"),
        ("training", "Das neue Modell verwenden, wenn es besser ist"),
    ],
)
def test_each_part_of_the_workbench_speaks_german(library: Path, part: str, told: str) -> None:
    german = spoken("workbench", library, "de", part=part)
    assert told in german
    english = spoken("workbench", library, "en", part=part)
    assert [line for line in german & english if not _is_of_documents(line)] == []


def test_the_map_speaks_german(library: Path) -> None:
    german = spoken("map_view", library, "de")
    assert {"Karte", "Färben nach", "Ordner", "Frage auf der Karte zeigen"} <= german
    assert german & spoken("map_view", library, "en") == set()


@pytest.mark.parametrize(
    ("better", "language", "told"),
    [
        (True, "en", "The new model is better: ahead in 98% of draws of 1,200 questions."),
        (
            False,
            "en",
            "The old model stays: the new one is ahead in 98% of draws of 1,200 questions.",
        ),
        (False, "de", "Das neue liegt in 98\xa0% der Ziehungen aus 1.200 Fragen vorn."),
    ],
)
def test_the_verdict_on_a_new_model_is_said_in_whole_sentences(
    library: Path, monkeypatch: pytest.MonkeyPatch, better: bool, language: str, told: str
) -> None:
    names = ("ndcg@10", "alignment", "alignment_loss", "uniformity", "uniformity_loss")
    figures = dict.fromkeys(names, 0.5)
    verdict = {"before": figures, "after": figures, "better": better}
    verdict |= {"sureness": 0.98, "questions": 1200, "drift": 0.1}
    training = TrainingJob(library, start=Program(f"print({json.dumps(json.dumps(verdict))})"))
    training.start("a-model", epochs=1, adopt=False)
    training.wait()
    assert not training.error
    monkeypatch.setattr(shared, "training", lambda _: training)
    said = spoken("workbench", library, language, part="training")
    assert [line for line in said if told in line]
