"""What collections share, models alone, and how many stay open."""

import gc
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from sqlite3 import ProgrammingError
from typing import Any

import pytest

from rag_app import opening
from rag_app.models.model_files import BUNDLED_EMBEDDER
from rag_app.settings.provenance import Settings
from tests.test_ui_ingestion import HeldEmbedder
from ui.resources import open_index, shared
from ui.resources.open_models import DEPENDS_ON, OpenModels


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    """Other tests are not to find what these opened."""
    yield
    shared._opened.clear()


def settings_of(folder: Path, **more: Any) -> Settings:
    return Settings(index=folder, embedder=BUNDLED_EMBEDDER, answer="read", **more)


# Models


@pytest.mark.parametrize("open_", DEPENDS_ON, ids=lambda open_: open_.__name__)
def test_a_model_is_known_by_all_that_opening_it_looks_at(open_: Callable[..., Any]) -> None:
    looked_at = [open_, *([opening.open_late_model] if open_ is opening.open_reranker else [])]
    source = "".join(map(inspect.getsource, looked_at))
    assert set(re.findall(r"settings\)?\.(\w+)", source)) == set(DEPENDS_ON[open_])


def test_collections_with_the_same_model_share_it_and_nothing_else(tmp_path: Path) -> None:
    boats = shared.rag(settings_of(tmp_path / "boats"))
    cars = shared.rag(settings_of(tmp_path / "cars", k=7))
    assert boats.embedder is cars.embedder
    assert boats.reader._pointer is cars.reader._pointer  # type: ignore[attr-defined]
    assert boats.index is not cars.index
    assert (boats.index.folder.name, cars.index.folder.name) == ("boats", "cars")
    assert (boats.settings.k, cars.settings.k) == (5, 7)
    other = shared.rag(settings_of(tmp_path / "other", embedder_batch=64))
    assert other.embedder is not boats.embedder


def test_a_model_is_let_go_once_nothing_uses_it() -> None:
    models = OpenModels()
    settings = settings_of(Path("anywhere"))
    used = models.shared(opening.open_embedder, settings)
    assert models.shared(opening.open_embedder, settings) is used
    del used
    gc.collect()
    assert not models._known


def test_where_there_is_no_model_there_is_none(tmp_path: Path) -> None:
    assert OpenModels().shared(opening.open_generator, settings_of(tmp_path)) is None


# Open indexes


def test_an_index_that_is_let_go_goes_on_for_whoever_uses_it(tmp_path: Path) -> None:
    used, _ = shared.opened(settings_of(tmp_path / "used"))
    catalog = shared.opened(settings_of(tmp_path / "unused"))[0].catalog
    for number in range(shared._OPEN):
        shared.opened(settings_of(tmp_path / str(number)))
    assert used.catalog.size() == (0, 0)
    with used.writing():
        pass
    with pytest.raises(ProgrammingError, match="closed"):
        catalog.size()
    assert shared.opened(settings_of(tmp_path / "used"))[0] is not used


def test_a_setting_that_opens_nothing_leaves_the_index_open(tmp_path: Path) -> None:
    before = shared.rag(settings_of(tmp_path))
    assert shared.rag(settings_of(tmp_path)) is before
    after = shared.rag(settings_of(tmp_path, k=7))
    assert (before.settings.k, after.settings.k) == (5, 7)
    assert after.index is before.index


@pytest.mark.parametrize("change", [{"embedder_batch": 64}, {"vector_precision": "binary"}])
def test_an_index_is_opened_anew_for_a_setting_that_it_is_opened_by(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    before, _ = shared.opened(settings_of(tmp_path))
    after, _ = shared.opened(settings_of(tmp_path, **change))
    assert after is not before
    assert shared.rag(settings_of(tmp_path, **change)).index is after


def test_documents_are_added_as_it_is_set_now(tmp_path: Path) -> None:
    before = shared.ingestion(settings_of(tmp_path))
    assert shared.ingestion(settings_of(tmp_path, k=7)) is before
    assert shared.ingestion(settings_of(tmp_path, chunk_tokens=64)) is not before


def test_what_is_let_go_by_name_is_opened_anew(tmp_path: Path) -> None:
    before, kept = shared.opened(settings_of(tmp_path)), shared.conversations(settings_of(tmp_path))
    shared.let_go(tmp_path)
    assert shared.opened(settings_of(tmp_path))[0] is not before[0]
    assert shared.conversations(settings_of(tmp_path)) is not kept


def test_what_is_drawn_from_an_index_is_known_until_it_changes(tmp_path: Path, docs: Path) -> None:
    boats, cars = settings_of(tmp_path / "boats"), settings_of(tmp_path / "cars")
    ingestion = shared.ingestion(boats)
    ingestion.start([docs / "boats.txt"])
    ingestion.wait()
    before = shared.filters(boats), shared.collection(boats)
    assert not shared.filters(cars).sources()
    assert not shared.collection(cars).chunks
    known = settings_of(tmp_path / "boats", k=7)
    assert shared.filters(known) is before[0]
    assert shared.collection(known) is before[1]
    ingestion.start([docs])
    ingestion.wait()
    assert len(shared.filters(boats).sources()) == 2
    assert len(shared.collection(boats).chunks) == 2


# Runs


def test_a_run_goes_on_and_stays_in_sight_whatever_else_is_opened(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldEmbedder()
    own = settings_of(tmp_path / "own")
    with monkeypatch.context() as patched:
        patched.setattr(open_index._models, "shared", lambda *_: held)
        assert shared.ingestion(own).start([docs])
    assert held.reached.wait(timeout=60)
    for number in range(shared._OPEN + 1):
        shared.opened(settings_of(tmp_path / str(number)))
    gc.collect()
    run = shared.ingestion(settings_of(tmp_path / "own", chunk_tokens=64))
    assert run.running
    assert not shared.ingestion(settings_of(tmp_path / "0")).running
    held.let_go.set()
    run.wait()
    assert (run.error, run.report is not None and run.report.added) == ("", 2)
    assert shared.ingestion(own) is not run


def test_each_index_has_its_own_runs(tmp_path: Path) -> None:
    boats, cars = settings_of(tmp_path / "boats"), settings_of(tmp_path / "cars")
    assert shared.training(boats) is shared.training(settings_of(tmp_path / "boats", k=7))
    assert shared.training(boats) is not shared.training(cars)
    assert shared.ingestion(boats) is not shared.ingestion(cars)
