"""What the visitor of a chat that is served may do, and what is refused whatever they send."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ingest.roots import Roots
from ingest.sync import sync
from rag_app.errors import ConfigError
from rag_app.index.collections import collections_of, create
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.opening import settled
from rag_app.settings.provenance import Settings
from rag_app.settings.settings_files import own_settings_file
from tests.accounts import PARTS, Visitor, everything, press, run, secrets_file, visit
from tests.meanwhile import until
from tests.test_login_with_account import ADA, BOB
from tests.test_question_sets import ANSWERED, KNOWN, a_report, outcome
from tests.test_ui_training import Program
from ui.access import user
from ui.access.oidc import SignIn
from ui.access.password import LOGIN
from ui.access.permissions import NotAllowed, Rights, announce
from ui.jobs.model_pull import ModelPull
from ui.jobs.training_job import TrainingJob
from ui.launch import main
from ui.resources import shared
from ui.session import keys
from ui.views import model_list as pulling_view
from ui.views import workbench

KINDS = ("selectbox", "text_input", "number_input", "slider", "select_slider", "toggle")
MODELS = {
    "Answers (answer)",
    "Language model (generator)",
    "Late-interaction model (reranker)",
}
NEEDS_ADMIN = "Only an administrator can"


@pytest.fixture
def somebody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """The visitor of a server where people sign in: Ada, who administers, at first."""
    found = Visitor(monkeypatch, secrets_file(tmp_path))
    found.be(ADA)
    return found


# Who may do what


def test_on_this_machine_alone_everything_is_allowed() -> None:
    assert user.rights() == Rights(administers=True)


@pytest.mark.parametrize("admin", [False, True])
def test_with_a_password_the_operator_says(monkeypatch: pytest.MonkeyPatch, admin: bool) -> None:
    monkeypatch.setenv(LOGIN, "password")
    announce(admin=admin, folders=())
    assert user.rights() == Rights(administers=admin)


def test_with_accounts_the_file_names_administrators(somebody: Visitor) -> None:
    assert user.rights().administers
    somebody.be(BOB)
    assert not user.rights().administers
    announce(admin=True, folders=())
    assert user.rights().administers


@pytest.mark.parametrize(
    "change",
    [{"email": "eve@example.org"}, {"email_verified": False}, {"is_logged_in": False}, {"sub": ""}],
)
def test_nobody_passes_for_an_administrator(somebody: Visitor, change: dict[str, object]) -> None:
    somebody.be(ADA | change)
    assert not user.rights().administers


def test_who_is_no_longer_named_administers_no_longer(somebody: Visitor, tmp_path: Path) -> None:
    secrets_file(tmp_path, admins="[]")
    assert not user.rights().administers
    (tmp_path / "secrets.toml").write_text("[auth")
    assert not user.rights().administers


def test_administrators_are_let_in_and_are_named_by_whole_addresses(tmp_path: Path) -> None:
    path = secrets_file(tmp_path, admins='["eve@example.com"]')
    eve = ADA | {"email": "Eve@example.com"}
    assert SignIn.read(path).admits(eve)
    assert SignIn.read(path).administers(eve)
    for wrong in ('["@example.com"]', '"eve@example.com"', "[1]"):
        with pytest.raises(ConfigError, match="use a list of whole addresses"):
            SignIn.read(secrets_file(tmp_path, admins=wrong))


# Folders


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that may be added, with links that lead out of it."""
    root = tmp_path / "root"
    (root / "inner").mkdir(parents=True)
    (tmp_path / "root-of-others").mkdir()
    (root / "out").symlink_to(tmp_path / "root-of-others")
    (root / "circle").symlink_to(root / "circle")
    return root


OUTSIDE = (
    *("..", ".", "out", "out/secret.txt", "root/out", "root/../secrets.toml", "root/circle"),
    *("root-of-others", "/etc/passwd", "~", "~root", "~nobody-here", "root\0", "", "no/where"),
)


@pytest.mark.parametrize("path", OUTSIDE)
def test_only_what_lies_in_a_named_folder_may_be_added(
    tmp_path: Path, root: Path, path: str
) -> None:
    for administers in (False, True):
        rights = Rights(administers, (root,))
        rights.check_path(root)
        rights.check_path(root / "inner" / "not there yet")
        with pytest.raises(NotAllowed, match=f"can be added: {root}$"):
            rights.check_path(tmp_path / path)


def test_without_named_folders_administrators_add_any() -> None:
    Rights(administers=True).check_path(Path("/etc"))
    with pytest.raises(NotAllowed, match="Only an administrator"):
        Rights(administers=False).check_path(Path("/etc"))


def test_folders_are_named_by_where_their_links_lead(tmp_path: Path, root: Path) -> None:
    announce(admin=False, folders=[root / "out"])
    assert user.rights().folders == (tmp_path / "root-of-others",)


@pytest.mark.parametrize("gone", ["/no/such/folder", "~nobody-here", __file__])
def test_a_folder_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gone: str
) -> None:
    index = tmp_path / "index"
    assert main(["--index", str(index), "--allow-folders", gone]) == 1
    assert capsys.readouterr().err == (
        f"error: --allow-folders {gone}: there is no such folder; name one\n"
    )
    assert not index.exists()


# A visitor who may not


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Iterator[Path]:
    """The index folder of a served chat: a followed folder, and a second collection."""
    home = tmp_path_factory.mktemp("served")
    docs = home / "docs"
    docs.mkdir()
    (docs / "berths.md").write_text("# What a berth costs\n\nA berth costs £120 a year.\n")
    (docs / "wind.md").write_text("# How windy it may be\n\nNo canoes go out above force four.\n")
    index = Index.open(home / "index", embedder=minilm)
    sync([docs], index, embedder=minilm)
    Roots(index.catalog).begin([docs])  # and did not finish
    index.close()
    create(home / "index", "Boats")
    yield home / "index"
    st.cache_resource.clear()


class Doings:
    """Everything that a visitor could have set going."""

    def __init__(self, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.index = index
        self.program = Program("")
        self.compared: list[object] = []
        self.named: list[str] = []
        pulling, training = ModelPull(start=self.program), TrainingJob(index, start=self.program)
        monkeypatch.setattr(pulling_view.shared, "pulling", lambda: pulling)
        monkeypatch.setattr(shared, "training", lambda _: training)
        monkeypatch.setattr(workbench, "compare", self._compare)
        monkeypatch.setattr(shared, "late_model", lambda name, _: self.named.append(name))

    def _compare(self, names: Sequence[str], *_: object, **__: object) -> Iterator[object]:
        self.compared += names
        return iter(())

    def state(self) -> str:
        """What they would have changed."""
        settings = settled(Settings.load(index=self.index))
        index, _ = shared.opened(settings)
        ingestion, own = shared.ingestion(settings), own_settings_file(self.index)
        sides = [shared._evaluation(self.index, owner).sides for owner in ("", user.owner())]
        return json.dumps(
            {
                "documents": [entry.source for entry in index.catalog.entries()],
                "roots": [str(root.key) for root in Roots(index.catalog).folders()],
                "unfinished": len(Roots(index.catalog).unfinished()),
                "watched": shared.watching(settings).watched,
                "run": [ingestion.running, ingestion.ending, str(ingestion.report)],
                "settings": own.read_text() if own.exists() else "",
                "collections": [(each.slug, each.name) for each in collections_of(self.index)],
                "commands": [*map(list, self.program.commands)],
                "compared": [str(self.compared), str(self.named), str(sides)],
            }
        )


@pytest.fixture
def doings(served: Path, monkeypatch: pytest.MonkeyPatch, somebody: Visitor) -> Iterator[Doings]:
    monkeypatch.setenv("RAG_APP_INDEX", str(served))
    found = Doings(served, monkeypatch)
    settings = settled(Settings.load())
    shared.opened(settings)
    yield found
    shared.watching(settings).close(wait=True)


Step = Callable[[AppTest], object]
Attempt = tuple[str, str, tuple[Step, ...]]  # page, part of the workbench, what is done there


def click(label: str, *, form: str = "") -> Step:
    def step(page: AppTest) -> None:
        next(b for b in page.button if b.label == label and form in {"", b.form_id}).click()

    return step


def fill(kind: str, label: str, value: object) -> Step:
    def step(page: AppTest) -> None:
        field = next(field for field in getattr(page, kind) if field.label == label)
        if kind == "selectbox" and value not in field.options:
            field.options.append(value)  # a new one, or what only a forger sends
        field.set_value(value)

    return step


def both(*steps: Step) -> Step:
    """At once, as where a form is sent."""
    return lambda page: [step(page) for step in steps]


def library(*steps: Step) -> Attempt:
    return "library", "tokens", steps


def setting(kind: str, label: str, value: object) -> Attempt:
    return "settings", "tokens", (fill(kind, label, value),)


def bench(part: str, *steps: Step) -> Attempt:
    return "workbench", part, steps


def a_folder(path: str) -> Attempt:
    written = fill("text_input", "Path of a file or folder", path)
    return library(both(written, click("Add to the library", form="folder")))


def a_collection(label: str, then: str) -> Attempt:
    return library(both(fill("text_input", label, "Mine"), click(then)))


def a_document() -> str:
    """The id of one that is in the library."""
    return shared.opened(settled(Settings.load()))[0].catalog.entries()[0].id


ATTEMPTS: dict[str, Attempt] = {
    "a folder of the server": a_folder("/etc"),
    "the home of the server": a_folder("~"),
    "the file of secrets": a_folder("secrets.toml"),
    "a followed folder, again": library(click("Look at docs again now")),
    "watching": library(fill("toggle", "Watch docs", value=True)),
    "letting go": library(click("Stop following docs"), click("Yes, stop following")),
    "resuming": library(click("Resume")),
    "leaving it": library(click("Leave it")),
    "removing documents": library(
        lambda page: page.multiselect(keys.REMOVAL).set_value([a_document()]),
        click("Remove"),
        click("Yes, remove"),
    ),
    "removing a document": library(
        lambda page: page.selectbox(keys.PREVIEW).set_value(a_document()), click("Yes, remove")
    ),
    "a new collection": a_collection("Name of a new collection", "Create collection"),
    "renaming a collection": a_collection("Name of this collection", "Rename collection"),
    "an address of one's own": setting(
        "text_input", "Address of the language model's server", "http://evil.test/v1"
    ),
    "a model of a provider": setting("selectbox", "Language model", "openai:gpt-4o"),
    "a model of the server's files": setting(
        "selectbox", "Second look at the best passages", "/srv/models/late"
    ),
    "another way to answer": setting("selectbox", "How to answer", "generate"),
    "another confidence": setting("select_slider", "How sure an answer must be", 0.0),
    "another device": setting("selectbox", "What computes the embedding model", "cuda"),
    "many threads": setting("number_input", "Processor threads", 4096),
    "many passages": setting("number_input", "Passages for an answer", 5000),
    "a language for all": setting("selectbox", "Language of these pages", "de"),
    "a model of the hub": (
        "settings",
        "tokens",
        (both(fill("text_input", "Get a model from the hub", "evil/it"), click("Get the model")),),
    ),
    "models side by side": bench(
        "compare",
        both(
            fill("text_area", "Models, one on each line: name or folder", "/a\nopenai:some-model"),
            click("Compare"),
        ),
    ),
    "a late-interaction model": bench(
        "matches", fill("text_input", "Folder of the model", "/srv/models/late")
    ),
    "training": bench("training", click("Train")),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_what_a_visitor_tries_is_refused(doings: Doings, somebody: Visitor, name: str) -> None:
    """As hard as can be: the page was drawn for an administrator, so that it has all controls."""
    page_name, part, (*before, last) = ATTEMPTS[name]
    page = visit(page_name, part=part)
    for step in before:
        step(page)
        run(page)
    was = doings.state()
    somebody.be(BOB)
    last(page)
    run(page)
    assert doings.state() == was
    assert "nly an administrator can" in everything(page)


def test_the_same_is_done_for_an_administrator(doings: Doings) -> None:
    states = [doings.state()]
    for name in ("an address of one's own", "a model of the hub"):
        page_name, part, (attempt,) = ATTEMPTS[name]
        attempt(page := visit(page_name, part=part))
        run(page)
        states.append(doings.state())
    assert len({*states}) == 3
    own_settings_file(doings.index).unlink()


@pytest.mark.parametrize("part", PARTS)
def test_an_ordinary_visitor_has_every_part_of_the_workbench_without_names_of_models(
    doings: Doings, somebody: Visitor, part: str
) -> None:
    somebody.be(BOB)
    page = visit("workbench", part=part)
    assert (NEEDS_ADMIN in everything(page)) == (part in {"compare", "matches", "training"})
    assert keys.MODELS not in page.session_state
    assert keys.LATE_MODEL not in page.session_state


def test_an_ordinary_visitor_sees_why(doings: Doings, somebody: Visitor) -> None:
    somebody.be(BOB)
    library, settings = visit("library"), visit("settings")
    said = [caption.value for caption in (*library.caption, *settings.caption)]
    assert {line for line in said if line.startswith(NEEDS_ADMIN)} == {
        "Only an administrator can add folders of this computer.",
        "Only an administrator can make, rename or delete collections.",
        "Only an administrator can remove documents.",
        "Only an administrator can get models, or have another one used.",
    }
    assert "only an administrator can change them" in everything(settings)
    # Neither what would do it, nor where the server keeps things.
    assert [found.label for found in (*library.button, *library.toggle)] == ["Add to the library"]
    assert library.file_uploader
    assert not settings.button
    fields = [f for kind in KINDS for f in getattr(settings, kind) if f.key.startswith("setting-")]
    assert len(fields) == 13
    assert all(field.disabled for field in fields)
    assert str(doings.index) not in everything(settings)


@pytest.mark.parametrize("slug", ["../../docs", "..", "/etc", "boats"])
def test_an_address_leads_to_no_other_folder(doings: Doings, somebody: Visitor, slug: str) -> None:
    somebody.be(BOB)
    page = visit("library", **{keys.COLLECTION: slug})
    assert "The collection at this address is no longer there" in everything(page)
    assert page.session_state[keys.COLLECTION] == ""


def test_a_visitor_compares_settings_but_no_models(doings: Doings, somebody: Visitor) -> None:
    offered = []
    for who in (ADA, BOB):
        somebody.be(who)
        shared.evaluation(settled(Settings.load())).report = a_report(outcome(KNOWN, ANSWERED))
        page = visit("evaluation")
        page.segmented_control(key=keys.FINDINGS).set_value("compared")
        run(page)
        fields = (*page.text_input, *page.selectbox)
        offered.append({field.label for field in fields} & MODELS)
    assert offered == [MODELS, set()]


# Where folders are named


def test_a_visitor_adds_what_lies_in_a_named_folder_and_nothing_else(
    tmp_path: Path, root: Path, somebody: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "inner" / "tides.md").write_text("Tides turn at noon.")
    (tmp_path / "root-of-others" / "secret.txt").write_text("The safe opens with 7431.")
    monkeypatch.setenv("RAG_APP_INDEX", str(tmp_path / "index"))
    announce(admin=False, folders=[root])
    somebody.be(BOB)
    page = visit("library")
    settings = settled(Settings.load())
    for path in (tmp_path, root / "out", root / "out" / "secret.txt", root / ".." / "secrets.toml"):
        page.text_input(keys.FOLDER).set_value(str(path))
        press(page, "Add to the library", form="folder")
        assert f"Only what lies in these folders can be added: {root}" in everything(page)
        assert not shared.ingestion(settings).running
    page.text_input(keys.FOLDER).set_value(str(root / "inner"))
    press(page, "Add to the library", form="folder")
    until(lambda: not shared.ingestion(settings).running)
    index, _ = shared.opened(settings)
    assert [Path(entry.source).name for entry in index.catalog.entries()] == ["tides.md"]
    shared.watching(settings).close(wait=True)
