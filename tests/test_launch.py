"""What `rag-ui` decides before it serves."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from ingest.sync import sync
from rag_app.index.index import Index
from rag_app.settings.provenance import Settings
from tests.fakes import HashEmbedder
from ui.access.entrance import Entrance, is_loopback
from ui.launch import _default_samples, _is_empty, main
from ui.serving import address, options_of


def test_an_address_in_use_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status = main(["--index", str(tmp_path / "index"), "--port", str(port)])
    out, error = capsys.readouterr()
    assert (status, out) == (1, "")
    assert error.startswith(f"error: cannot listen on 127.0.0.1:{port} (")
    assert error.endswith("; choose another --port\n")
    assert error.count("\n") == 1


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_cannot_be_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], port: str
) -> None:
    assert main(["--index", str(tmp_path / "index"), "--port", port]) == 1
    assert "choose another --port" in capsys.readouterr().err


def test_nothing_is_written_where_it_cannot_begin(tmp_path: Path) -> None:
    main(["--index", str(tmp_path / "index"), "--port", "70000"])
    assert not (tmp_path / "index").exists()


def test_the_samples_come_along() -> None:
    assert (_default_samples() / "hoist-manual.pdf").is_file()


def test_an_index_is_empty_until_a_document_is_in(tmp_path: Path) -> None:
    settings = Settings(index=tmp_path / "index")
    assert _is_empty(settings)
    embedder = HashEmbedder()
    index = Index.open(settings.index, embedder=embedder)
    assert _is_empty(settings)
    (tmp_path / "ferret.txt").write_text("The ferret is called Bartholomew.\n")
    sync([tmp_path / "ferret.txt"], index, embedder=embedder)
    index.close()
    assert not _is_empty(settings)


@pytest.mark.parametrize(
    ("host", "printed"),
    [("127.0.0.1", "http://127.0.0.1:8501"), ("::1", "http://[::1]:8501")],
)
def test_the_address_can_be_opened_as_printed(host: str, printed: str) -> None:
    assert address(host, 8501) == printed


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False)],
)
def test_only_this_machine_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_server_takes_no_larger_uploads_than_the_library() -> None:
    entrance = Entrance.chosen("127.0.0.1", password_file=None, oidc=None)
    options = options_of(entrance, "127.0.0.1", 8501, certificate=None, upload_mebibytes=7)
    assert options["server.maxUploadSize"] == 7
