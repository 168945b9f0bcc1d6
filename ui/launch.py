"""`rag-ui`: fill an empty index with the samples, then serve the pages."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from rag_app.cli import guarded
from rag_app.config import Settings
from rag_app.errors import ConfigError, IndexLocked, RagError
from rag_app.owner import check_owners

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent
# What must hold wherever the command is run, whatever a config.toml there says.
_STREAMLIT = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "logger.hideWelcomeMessage": "true",
    "theme.light.primaryColor": "#1f6f6b",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f3f5f5",
    "theme.light.textColor": "#1d2426",
    "theme.dark.primaryColor": "#2b837b",
    "theme.dark.backgroundColor": "#14181a",
    "theme.dark.secondaryBackgroundColor": "#1e2427",
    "theme.dark.textColor": "#e4e9ea",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 1 where that cannot begin."""
    parser = argparse.ArgumentParser(
        prog="rag-ui", description="Serve the chat and the library to a browser."
    )
    parser.add_argument("--index", type=Path, metavar="DIR", help="the index folder")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--samples", type=Path, metavar="FOLDER", help="documents for an empty index"
    )
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
    arguments = parser.parse_args(argv)
    return guarded(lambda: _run(arguments), verbose=arguments.verbose)


def _run(arguments: argparse.Namespace) -> int:
    from rag_app.rag import settled

    check_owners()
    settings = settled(Settings.load(index=arguments.index))
    _check_free(arguments.host, arguments.port)
    # The pages load their settings themselves, in this process.
    os.environ["RAG_APP_INDEX"] = str(settings.index)
    # Pages' resources are opened here without a page, on purpose.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel("ERROR")
    if _is_empty(settings):
        _ingest(arguments.samples or _default_samples(), settings)
    else:
        Thread(target=_warm, args=(settings,), daemon=True).start()
    print(f"Chat: {_address(arguments.host, arguments.port)}", flush=True)
    _serve(arguments.host, arguments.port)
    return 0


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        if os.name == "posix":
            # As the server does: a port whose last connections linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"cannot listen on {host}:{port} ({error}); choose another --port"
            ) from error


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_empty(settings: Settings) -> bool:
    from rag_app.index.catalog import Catalog

    if not (settings.index / "catalog.sqlite").exists():
        return True
    catalog = Catalog(settings.index)
    try:
        return not catalog.entries()
    finally:
        catalog.close()


def _default_samples() -> Path:
    """The samples of an installed package, or of the checkout."""
    import rag_app

    packaged = Path(rag_app.__file__).parent / "_samples"
    return packaged if packaged.is_dir() else _HERE.parent / "data" / "samples"


def _ingest(samples: Path, settings: Settings) -> None:
    from ingest.sync import configured
    from ui import shared

    print(f"The index is empty: adding {samples} …", file=sys.stderr, flush=True)
    index, embedder = shared.opened(settings)
    try:
        report = configured(settings)([samples], index, embedder=embedder)
    except IndexLocked as error:
        print(error, file=sys.stderr, flush=True)
    else:
        print(report, file=sys.stderr, flush=True)


def _warm(settings: Settings) -> None:
    """Open what the first page needs while the browser starts."""
    from ui import shared

    try:
        shared.rag(settings)
    except RagError as error:
        _logger.info("%s", error)  # the page says it too


def _serve(host: str, port: int) -> None:
    from streamlit.web import cli

    options = _STREAMLIT | {"server.address": host, "server.port": str(port)}
    if _is_loopback(host):
        # A strange site must not reach the pages through a name that resolves to here.
        options["server.allowedHosts"] = "localhost"
    else:
        _logger.warning("anyone who can reach %s can read, add and remove documents", host)
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    if _is_loopback(host):
        flags += ["--server.allowedHosts", host]
    cli.main(["run", str(_HERE / "app.py"), *flags], standalone_mode=False)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main())
