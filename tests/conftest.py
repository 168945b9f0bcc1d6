"""What every test gets: no network, folders of its own, and the real models, opened once."""

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from ingest.cancelling import stop_if
from ingest.reading import Found
from ingest.scan import FoundFile
from rag_app.errors import LoadError
from rag_app.index.index import Index
from rag_app.models.embedder import SentenceEmbedder
from rag_app.models.late_interaction import LateInteraction
from rag_app.models.model_files import BUNDLED_EMBEDDER, LOCAL, find_model
from rag_app.rag import Rag
from tests.fakes import HashEmbedder

pytest_plugins = ["tests.browser"]

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"
# Evaluation data that is not part of the project; tests that need it skip without it.
SHARED = Path(os.environ.get("RAG_APP_SHARED_DATA", ROOT.parent / "shared" / "data"))


HOSTILE = SHARED / "hostile_files"
needs_hostile = pytest.mark.skipif(
    not HOSTILE.is_dir(), reason=f"no files in {HOSTILE}; set RAG_APP_SHARED_DATA"
)
Write = Callable[[str, bytes], Path]


def pytest_configure(config: pytest.Config) -> None:
    """Side by side, no process takes more than a core: threads would wait for each other."""
    if hasattr(config, "workerinput"):
        os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with a browser, which take longest, come first, so that none is left to the end."""
    slow = {item.path for item in items if "browser" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """A page that a test draws becomes the main module, which child processes would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@contextmanager
def reading_here() -> Iterator[None]:
    """Files are read in this process, which spares the seconds that a child takes to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingest.sync.read_ahead", _read_here)
        yield


def _read_here(files: Iterable[FoundFile], **options: Any) -> Generator[Found, None, None]:
    from ingest.loading.load import load

    for file in files:
        stop_if(options["cancelled"])
        try:
            yield load(file.path, source=file.source)
        except LoadError as error:
            yield error


@pytest.fixture
def child_processes() -> None:
    """For tests of what only they do: limits, and documents cut elsewhere."""


@pytest.fixture(autouse=True)
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """What reads the files of a test that does not ask for `child_processes`."""
    with nullcontext() if "child_processes" in request.fixturenames else reading_here():
        yield


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail any test that would leave this machine; servers on it may be reached."""
    connect, connect_ex, lookup = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def check(host: object) -> None:
        if not _is_local(host):
            pytest.fail(f"the network was asked for {host!r}")

    def checked_connect(self: socket.socket, address: object) -> None:
        check(_host(address))
        connect(self, address)  # type: ignore[arg-type]

    def checked_connect_ex(self: socket.socket, address: object) -> int:
        check(_host(address))
        return connect_ex(self, address)  # type: ignore[arg-type]

    def checked_lookup(host: object, *arguments: object, **named: object) -> object:
        check(host)
        return lookup(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", checked_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", checked_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", checked_lookup)


def _host(address: object) -> object:
    """The host of an internet address; None for a socket of this machine's file system."""
    return address[0] if isinstance(address, tuple) else None


def _is_local(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees, or leaves anything in, the settings and data of whoever runs it."""
    for name in [name for name in os.environ if name.startswith("RAG_APP_")]:
        if not name.startswith("RAG_APP_TEST_"):
            monkeypatch.delenv(name)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    # Our commands set it for their children; tests start modules of the checkout.
    monkeypatch.setenv("PYTHONSAFEPATH", "")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Saves bytes under a name."""

    def to_file(name: str, data: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return to_file


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Two files that share no word."""
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "tools.md").write_text("# Tools\n\nSaws and chisels hang on the north wall.\n")
    (folder / "boats.txt").write_text("Skiffs lie at berth seven.\n")
    return folder


@pytest.fixture
def embedder() -> HashEmbedder:
    """An embedder that takes no time."""
    return HashEmbedder()


@pytest.fixture
def index(tmp_path: Path, embedder: HashEmbedder) -> Iterator[Index]:
    """An empty index of that embedder."""
    opened = Index.open(tmp_path / "index", embedder=embedder)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def minilm() -> SentenceEmbedder:
    """The bundled embedding model."""
    return SentenceEmbedder.open("all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def shallow(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The bundled model with two of its six layers: same tokens, other vectors."""
    from sentence_transformers import SentenceTransformer

    folder = tmp_path_factory.mktemp("models") / "shallow"
    options = {"use_safetensors": True}
    model = SentenceTransformer(str(find_model(BUNDLED_EMBEDDER)), **LOCAL, model_kwargs=options)
    bert = model[0].auto_model
    bert.encoder.layer = bert.encoder.layer[:2]
    bert.config.num_hidden_layers = 2
    model.save_pretrained(str(folder), create_model_card=False)
    return str(folder)


@pytest.fixture(scope="session")
def late_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A late-interaction model made of the bundled one; not to be written to."""
    from rag_app.workbench.late_model import make

    return make(BUNDLED_EMBEDDER, tmp_path_factory.mktemp("late") / "model")


@pytest.fixture(scope="session")
def late(late_folder: Path) -> LateInteraction:
    """The same, opened."""
    return LateInteraction.open(str(late_folder))


@pytest.fixture(scope="session")
def samples_index(tmp_path_factory: pytest.TempPathFactory, minilm: SentenceEmbedder) -> Path:
    """An index of the sample documents made with the real model; not to be written to."""
    from ingest.sync import sync

    folder = tmp_path_factory.mktemp("samples") / "index"
    index = Index.open(folder, embedder=minilm)
    with reading_here():
        sync([SAMPLES], index, embedder=minilm)
    index.close()
    return folder


@pytest.fixture
def samples(samples_index: Path, minilm: SentenceEmbedder) -> Iterator[Rag]:
    """The sample documents, ready to be asked."""
    from rag_app.settings.provenance import Settings

    settings = Settings(index=samples_index, answer="read")
    index = Index.open(samples_index, embedder=minilm)
    rag = Rag.assemble(index, minilm, settings=settings)
    yield rag
    rag.close()
