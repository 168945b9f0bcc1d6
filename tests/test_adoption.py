"""An index remembers its embedding model, adopts another one, and goes back."""

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ingest.sync import store, sync
from rag_app.cli import main
from rag_app.commands.doctor import examine, lost_chunks
from rag_app.errors import ConfigError, IndexLocked, IndexMismatch, ModelError
from rag_app.index.catalog.catalog import Catalog
from rag_app.index.chosen_model import ModelNote, former_model, own_model
from rag_app.index.chosen_store import ChosenStore
from rag_app.index.index import Index
from rag_app.index.search_structures import SearchStructures
from rag_app.index.stores.chroma_store import ChromaStore
from rag_app.models.embedder import SentenceEmbedder, WordPieces
from rag_app.models.model_files import BUNDLED_EMBEDDER, find_model
from rag_app.opening import embedder_name, open_index, settled
from rag_app.protocols import Embedder, TextKind, Vectors
from rag_app.rag import Rag
from rag_app.settings.provenance import Settings
from rag_app.workbench.adoption import Adoption, adopt, go_back
from tests.chroma_server import chroma_in
from tests.conftest import SAMPLES
from tests.fakes import HashEmbedder, WordTokenizer, a_document

QUESTION = "Where are the boats in winter?"
NOTES = {
    "boats": "All boats lie in the north shed from November until the ice has gone.",
    "skiffs": "Skiffs may be lent to guests of members for a day.",
    "shed": "The shed is locked at dusk by the harbour master.",
    "winter": "During the cold season nothing floats; hulls are stored under a roof.",
    "paint": "Paint needs six hours to dry, and two days before it is sanded.",
    "keys": "The key of the tool store hangs behind the kitchen door.",
}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / f"{name}.md").write_text(text)
    return folder


@pytest.fixture
def old() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def new() -> HashEmbedder:
    return HashEmbedder(dimensions=32)


@pytest.fixture
def held(tmp_path: Path, notes: Path, old: HashEmbedder) -> Path:
    """An index of the notes, made with the old model."""
    ingest(notes, tmp_path / "index", old)
    return tmp_path / "index"


def ingest(docs: Path, folder: Path, embedder: Embedder, **options: int) -> None:
    with closing(Index.open(folder, embedder=embedder)) as index:
        sync([docs], index, embedder=embedder, **options)  # type: ignore[arg-type]


def change(folder: Path, new: Embedder, current: Embedder) -> Adoption:
    with closing(Index.open(folder, embedder=new)) as index:
        return adopt(index, new, current=current)


def back(folder: Path, former: Embedder) -> Adoption:
    with closing(Index.open(folder, embedder=former)) as index:
        return go_back(index, former)


def nearest(folder: Path, embedder: Embedder) -> list[tuple[str, float]]:
    """All chunks as they lie from the question; each is in the vector store, too."""
    with closing(Index.open(folder, embedder=embedder)) as index:
        assert lost_chunks(index, index.catalog.chunk_ids()) == []
        return index.nearest(embedder.embed([QUESTION], kind="query")[0], k=100)


class Interrupted(HashEmbedder):
    """Is interrupted after so many texts."""

    def __init__(self, after: int) -> None:
        super().__init__(dimensions=32)
        self._after = after

    def embed(self, texts: Sequence[str], *, kind: TextKind = "passage") -> Vectors:
        if self.embedded + len(texts) > self._after:
            raise KeyboardInterrupt
        return super().embed(texts, kind=kind)


# The change


def test_an_adopted_model_answers_as_if_the_index_had_been_made_with_it(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str
) -> None:
    new = SentenceEmbedder.open(shallow)
    ingest(notes, tmp_path / "index", minilm)
    before = nearest(tmp_path / "index", minilm)
    done = change(tmp_path / "index", new, minilm)
    after = nearest(tmp_path / "index", new)
    ingest(notes, tmp_path / "fresh", new)
    assert (done.former, done.model, done.embedded) == (BUNDLED_EMBEDDER, shallow, len(NOTES))
    assert after == nearest(tmp_path / "fresh", new)
    assert [id_ for id_, _ in after] != [id_ for id_, _ in before]


def test_going_back_embeds_nothing_and_finds_what_was_found_before(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str
) -> None:
    ingest(notes, tmp_path / "index", minilm)
    before = nearest(tmp_path / "index", minilm)
    change(tmp_path / "index", SentenceEmbedder.open(shallow), minilm)
    done = back(tmp_path / "index", minilm)
    assert (done.former, done.model, done.embedded) == (shallow, BUNDLED_EMBEDDER, 0)
    assert nearest(tmp_path / "index", minilm) == before


def test_going_back_embeds_what_was_added_since(
    held: Path, notes: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    change(held, new, old)
    (notes / "ropes.md").write_text("Ropes are renewed every second year.")
    ingest(notes, held, new)
    assert back(held, old).embedded == 1
    assert len(nearest(held, old)) == len(NOTES) + 1


def test_going_back_twice_is_going_forth(held: Path, old: HashEmbedder, new: HashEmbedder) -> None:
    change(held, new, old)
    after = nearest(held, new)
    back(held, old)
    assert back(held, new).embedded == 0
    assert nearest(held, new) == after


def test_the_model_that_the_index_has_already_changes_nothing(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    change(held, new, old)
    again = change(held, new, old)
    assert (again.former, again.model, again.embedded) == ("hash", "hash", 0)
    with closing(Catalog(held)) as catalog:
        assert former_model(catalog) == ModelNote(old.name, old.fingerprint)


def test_two_that_adopt_the_same_model_at_once_do_it_once(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    with closing(Index.open(held, embedder=new)) as index:

        def overtake(done: int, total: int) -> None:
            change(held, new, old)

        adopt(index, new, current=old, progress=overtake)
    assert len(nearest(held, new)) == len(NOTES)
    assert back(held, old).embedded == 0


def test_what_a_vector_sees_around_its_chunk_is_found_without_being_told(
    tmp_path: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    (tmp_path / "long.md").write_text(" ".join(f"word{n} is here." for n in range(60)))
    (tmp_path / "short.md").write_text("Nothing stands around this.")
    for folder, embedder in (("index", old), ("fresh", new)):
        with closing(Index.open(tmp_path / folder, embedder=embedder)) as index:
            files = [tmp_path / "long.md", tmp_path / "short.md"]
            sync(files, index, embedder=embedder, tokens=20, context=7)
    change(tmp_path / "index", new, old)
    found = nearest(tmp_path / "index", new)
    assert found == nearest(tmp_path / "fresh", new)
    assert len(found) > 10


def test_documents_that_come_in_meanwhile_are_embedded_too(
    held: Path, notes: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    def add(done: int, total: int) -> None:
        (notes / "ropes.md").write_text("Ropes are renewed every second year.")
        ingest(notes, held, old)

    with closing(Index.open(held, embedder=new)) as index:
        assert adopt(index, new, current=old, progress=add).embedded == len(NOTES) + 1
    assert len(nearest(held, new)) == len(NOTES) + 1


def test_the_next_ingestion_reads_nothing_again(
    held: Path, notes: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    change(held, new, old)
    with closing(Index.open(held, embedder=new)) as index:
        assert sync([notes], index, embedder=new).unchanged == len(NOTES)
    back(held, old)
    with closing(Index.open(held, embedder=old)) as index:
        assert sync([notes], index, embedder=old).unchanged == len(NOTES)


def test_the_vector_store_keeps_nothing_of_the_model_before(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    folders = len([*(held / "chroma").iterdir()])
    change(held, new, old)
    left = ChromaStore(held / "chroma", model=old.fingerprint)
    assert left.query(old.embed([QUESTION])[0], k=10) == []
    left.close()
    assert len([*(held / "chroma").iterdir()]) == folders
    assert not (held / "unfinished").exists()


def test_a_vector_store_on_a_server_changes_over_too(
    tmp_path: Path, notes: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    (tmp_path / "server").mkdir()
    with chroma_in(tmp_path / "server") as url:
        with closing(Index.open(tmp_path / "i", embedder=old, store=f"chroma+{url}")) as index:
            sync([notes], index, embedder=old)
        change(tmp_path / "i", new, old)
        assert len(nearest(tmp_path / "i", new)) == len(NOTES)


# Refusals


def test_a_model_that_sees_less_text_is_refused(held: Path, old: HashEmbedder) -> None:
    with pytest.raises(ConfigError, match="`rag-ingest FOLDERS --embedder hash`"):
        change(held, HashEmbedder(dimensions=32, max_tokens=32), old)


def test_a_model_with_another_tokenizer_is_refused(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    new.tokenizer = WordTokenizer()  # type: ignore[misc]
    with pytest.raises(ConfigError, match="cuts texts in another way"):
        change(held, new, old)


def test_tokenizers_are_equal_where_they_cut_alike(
    tmp_path: Path, minilm: SentenceEmbedder, shallow: str
) -> None:
    told = json.loads((Path(shallow) / "tokenizer.json").read_text())
    told["normalizer"]["lowercase"] = False
    (tmp_path / "tokenizer.json").write_text(json.dumps(told))
    assert WordPieces(Path(shallow)) == minilm.tokenizer
    assert WordPieces(tmp_path) != minilm.tokenizer


def test_an_index_of_neither_model_is_left_alone(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    with pytest.raises(IndexMismatch):
        change(held, new, HashEmbedder(version="2"))
    assert len(nearest(held, old)) == len(NOTES)


def test_an_index_that_adopted_no_model_cannot_go_back(held: Path, old: HashEmbedder) -> None:
    with pytest.raises(ConfigError, match="has adopted no model"):
        back(held, old)


def test_ingesting_with_another_model_is_nothing_to_go_back_from(
    held: Path, notes: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    change(held, new, old)
    ingest(notes, held, HashEmbedder(version="3"))
    with pytest.raises(ConfigError, match="has adopted no model"):
        back(held, old)


def test_a_former_model_whose_files_have_changed_is_refused(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    change(held, new, old)
    with pytest.raises(ModelError, match="no longer the model"):
        back(held, HashEmbedder(version="2"))


def test_whoever_had_the_index_open_neither_asks_nor_writes_with_the_old_model(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    with closing(Index.open(held, embedder=old)) as before:
        change(held, new, old)
        with pytest.raises(IndexMismatch, match="open it again"):
            before.nearest(old.embed([QUESTION])[0], k=1)
        with pytest.raises(IndexMismatch, match="start again"):
            store([a_document("Tides turn.")], before, embedder=old)
    assert len(nearest(held, new)) == len(NOTES)


# Interruptions


def test_an_interrupted_adoption_goes_on_where_it_stopped(
    held: Path, old: HashEmbedder, new: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag_app.index.cached_embedding._BATCH", 2)
    with pytest.raises(KeyboardInterrupt):
        change(held, Interrupted(after=4), old)
    assert len(nearest(held, old)) == len(NOTES)
    assert change(held, new, old).embedded == len(NOTES) - 4
    assert len(nearest(held, new)) == len(NOTES)


def test_while_another_writes_only_the_change_is_left_to_be_done(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    other = Index.open(held, embedder=old)
    with closing(other), other.writing(), pytest.raises(IndexLocked):
        change(held, new, old)
    assert len(nearest(held, old)) == len(NOTES)
    assert change(held, new, old).embedded == 0


# What it has done when it is killed, and which model answers then.
STEPS: list[tuple[type, str, bool]] = [
    (Index, "adopt", False),
    (SearchStructures, "prepare", False),
    (SearchStructures, "_fill", False),
    (ChosenStore, "remove", False),
    (Catalog, "change_model", False),
    (SearchStructures, "take_over", True),
    (SearchStructures, "fill_missing", True),
    (SearchStructures, "remove_flat", True),
]


@pytest.mark.parametrize(("owner", "step", "changed"), STEPS, ids=[step[1] for step in STEPS])
def test_a_kill_at_any_step_leaves_one_model_that_answers(
    held: Path,
    old: HashEmbedder,
    new: HashEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    step: str,
    changed: bool,
) -> None:
    before = nearest(held, old)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, die)
        with pytest.raises(KeyboardInterrupt):
            change(held, new, old)
    with closing(Catalog(held)) as catalog:
        assert own_model(catalog) == ModelNote("hash", (new if changed else old).fingerprint)
    if changed:
        assert len(nearest(held, new)) == len(NOTES)
    else:
        assert nearest(held, old) == before
    assert change(held, new, old).embedded == 0
    assert len(nearest(held, new)) == len(NOTES)
    assert back(held, old).embedded == 0
    assert nearest(held, old) == before


def test_a_kill_while_the_former_store_is_thrown_away_loses_nothing(
    held: Path, old: HashEmbedder, new: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = shutil.rmtree

    def die(path: Path, **options: Any) -> None:
        if not path.name.startswith("chroma") or not path.exists():
            remove(path, **options)
            return
        (path / "chroma.sqlite3").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            change(held, new, old)
    assert len(nearest(held, old)) == len(NOTES)
    change(held, new, old)
    assert len(nearest(held, new)) == len(NOTES)


def test_a_damaged_vector_store_is_made_again(
    held: Path, old: HashEmbedder, new: HashEmbedder
) -> None:
    (held / "chroma" / "chroma.sqlite3").write_bytes(b"no database " * 1_000)
    change(held, new, old)
    assert len(nearest(held, new)) == len(NOTES)


# What is remembered


def test_an_index_is_opened_with_the_model_it_was_made_with(
    tmp_path: Path, notes: Path, shallow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(shallow).parent)
    ingest(notes, tmp_path / "index", SentenceEmbedder.open(Path(shallow).name))
    monkeypatch.chdir(tmp_path)
    settings = Settings(index=tmp_path / "index", answer="read")
    assert settled(settings).embedder == shallow
    with closing(Rag.open(settings=settings)) as rag:
        assert rag.embedder.name == shallow
        assert rag.retriever.search(QUESTION)


def test_a_named_model_beats_the_remembered_one(
    tmp_path: Path, notes: Path, shallow: str, minilm: SentenceEmbedder
) -> None:
    ingest(notes, tmp_path / "index", SentenceEmbedder.open(shallow))
    settings = Settings(index=tmp_path / "index", embedder=BUNDLED_EMBEDDER, answer="read")
    with closing(Rag.open(settings=settings)) as rag:
        assert rag.embedder.fingerprint == minilm.fingerprint
        with pytest.raises(IndexMismatch, match=shallow):
            rag.retriever.search(QUESTION)


def test_looking_for_the_model_makes_no_index(tmp_path: Path) -> None:
    assert embedder_name(Settings(index=tmp_path / "none")) == BUNDLED_EMBEDDER
    assert not (tmp_path / "none").exists()


def test_an_index_that_remembers_no_name_has_the_bundled_model(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder
) -> None:
    ingest(notes, tmp_path / "index", minilm)
    with closing(Catalog(tmp_path / "index")) as catalog:
        catalog._db.run("DELETE FROM state WHERE name = 'embedder'")
        assert own_model(catalog) == ModelNote("", minilm.fingerprint)
    settings = Settings(index=tmp_path / "index")
    assert embedder_name(settings) == BUNDLED_EMBEDDER
    index, _ = open_index(settings)
    with closing(index), index.writing():
        pass
    with closing(Catalog(tmp_path / "index")) as catalog:
        assert own_model(catalog) == ModelNote(BUNDLED_EMBEDDER, minilm.fingerprint)


# The commands


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `rag-app` on the index; its status, output and errors."""

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([*arguments, "--index", str(tmp_path / "index")])
        return (status, *capsys.readouterr())

    return command


Run = Callable[..., tuple[int, str, str]]


def test_adopting_and_going_back_from_the_command_line(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str, run: Run
) -> None:
    ingest(notes, tmp_path / "index", minilm)
    _, before, _ = run("search", QUESTION)
    status, out, _ = run("embed", "adopt", shallow)
    assert status == 0
    assert out.startswith(f"{len(NOTES)} texts embedded in ")
    assert f"`rag-app embed adopt --back --index {tmp_path / 'index'}`" in out
    assert f"embedded by {shallow}" in run("status")[1]
    assert f"embedder = {shallow}  (the index)" in run("config")[1].splitlines()
    assert f"ok    embedder: {shallow} in {shallow}" in run("doctor")[1].splitlines()
    assert json.loads(run("models", "list", "--json")[1])[0]["name"] == shallow
    assert run("search", QUESTION)[1] != before
    done = json.loads(run("embed", "adopt", "--back", "--json")[1])
    assert (done["former"], done["model"], done["embedded"]) == (shallow, BUNDLED_EMBEDDER, 0)
    assert run("search", QUESTION)[1] == before
    assert "has all-MiniLM-L6-v2 already" in run("embed", "adopt", BUNDLED_EMBEDDER)[1]


def test_a_model_that_is_gone_is_named_and_can_be_left_without_it(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str, run: Run
) -> None:
    gone = shutil.copytree(shallow, tmp_path / "gone")
    ingest(notes, tmp_path / "index", minilm)
    assert run("embed", "adopt", str(gone))[0] == 0
    shutil.rmtree(gone)
    status, out, error = run("search", QUESTION)
    assert (status, out, error.count("\n")) == (1, "", 1)
    assert f"has the embedding model {gone}, which is not on this machine" in error
    finding = next(f for f in examine(Settings(index=tmp_path / "index")) if f.name == "embedder")
    assert (finding.ok, str(gone) in finding.detail) == (False, True)
    assert f"embedded by {gone}" in run("status")[1]
    assert run("embed", "adopt", "--back")[0] == 0
    assert run("search", QUESTION)[0] == 0


def test_going_back_from_nothing_is_one_line(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, run: Run
) -> None:
    ingest(notes, tmp_path / "index", minilm)
    status, out, error = run("embed", "adopt", "--back")
    assert (status, out) == (1, "")
    assert error == f"error: {tmp_path / 'index'} has adopted no model, so it cannot go back\n"


@pytest.mark.parametrize("better", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_trained_model_is_adopted_only_if_it_is_better(
    tmp_path: Path,
    minilm: SentenceEmbedder,
    shallow: str,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    better: bool,
) -> None:
    """As if training had added four layers, or removed them; the verdict is a true one."""
    whole, out = str(find_model(BUNDLED_EMBEDDER)), tmp_path / "tuned"
    base, trained = (shallow, whole) if better else (whole, shallow)
    began: list[str] = []

    def train(base: str, training: object, out: Path, **_: object) -> Path:
        began.append(base)
        return Path(shutil.copytree(trained, out))

    monkeypatch.setattr("rag_app.workbench.finetune.finetune", train)
    # One document gives too few questions for a new model to be surely better.
    docs = SAMPLES if better else SAMPLES / "members-handbook.md"
    ingest(docs, tmp_path / "index", SentenceEmbedder.open(base))
    status, said, _ = run("embed", "finetune", "--out", str(out), "--adopt")
    assert (status, began) == (0, [base])
    has = embedder_name(Settings(index=tmp_path / "index"))
    if better:
        assert (has, "`rag-app embed adopt --back" in said) == (str(out), True)
    else:
        assert (has, said.endswith(f"{tmp_path / 'index'} keeps {base}\n")) == (base, True)


def test_nothing_is_trained_for_an_index_of_another_model(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str, run: Run
) -> None:
    ingest(notes, tmp_path / "index", minilm)
    out = str(tmp_path / "tuned")
    status, _, error = run("embed", "finetune", "--out", out, "--adopt", "--embedder", shallow)
    assert (status, "another embedding model" in error) == (1, True)


def test_a_model_is_not_trained_into_its_own_folder(
    tmp_path: Path, notes: Path, shallow: str, run: Run
) -> None:
    ingest(SAMPLES / "members-handbook.md", tmp_path / "index", SentenceEmbedder.open(shallow))
    status, _, error = run("embed", "finetune", "--out", shallow)
    assert (status, "name another folder for the new" in error) == (1, True)


# The pages


def test_the_pages_open_the_index_again_when_it_has_another_model(
    tmp_path: Path, notes: Path, minilm: SentenceEmbedder, shallow: str
) -> None:
    from ui.resources import shared

    ingest(notes, tmp_path / "index", minilm)
    settings = Settings(index=tmp_path / "index", answer="read")
    before = shared.rag(settled(settings))
    assert shared.rag(settled(settings)) is before
    change(tmp_path / "index", SentenceEmbedder.open(shallow), minilm)
    after = shared.rag(settled(settings))
    assert after.embedder.name == shallow
    assert after.retriever.search(QUESTION)
    assert shared.opened(settled(settings))[0] is after.index
    before.close()
    after.close()
    shared.let_go(settings.index)
