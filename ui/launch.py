"""`rag-ui`: fill an empty index with the samples, then serve the pages."""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from threading import Thread

from rag_app.cli import guarded
from rag_app.errors import ConfigError, IndexLocked, RagError
from rag_app.index.collections import collections_of
from rag_app.owner import check_owners
from rag_app.settings.provenance import Settings
from rag_app.settings.settings_files import warn_if_open
from rag_app.text.printable import Parser, show
from rag_app.text.surrogates import check_text
from ui.access.entrance import Entrance, is_loopback
from ui.access.oidc import OIDC, SignIn
from ui.access.password import LOGIN
from ui.access.permissions import announce
from ui.serving import Certificate, address, serve

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_UNENCRYPTED = (
    "http is not encrypted: whoever is on the way can read and change what is sent. Put a "
    "reverse proxy with TLS in front, or use --certificate FILE --key FILE."
)
_ANYBODY = (
    "Everybody is let in whom the provider signs in: the file has no list of allowed accounts."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 1 where that cannot begin."""
    parser = Parser(prog="rag-ui", description="Serve the chat and the library to a browser.")
    parser.add_argument("--index", type=Path, metavar="DIR", help="the index folder")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--samples", type=Path, metavar="FOLDER", help="documents for an empty index"
    )
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="ask visitors for the password in it"
    )
    parser.add_argument(
        "--oidc", type=Path, metavar="FILE", help="have visitors sign in as the TOML file says"
    )
    parser.add_argument(
        "--admin",
        action="store_true",
        help="let everybody who logs in do what you may: settings, models, folders, removing",
    )
    parser.add_argument(
        "--allow-folders",
        type=Path,
        action="append",
        default=[],
        metavar="ROOT",
        help="documents may be added by path from here alone, by everybody (repeatable)",
    )
    parser.add_argument("--certificate", type=Path, metavar="FILE", help="serve https (PEM)")
    parser.add_argument("--key", type=Path, metavar="FILE", help="of the certificate (PEM)")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
    arguments = parser.parse_args(argv)
    return guarded(lambda: _run(arguments), verbose=arguments.verbose)


def _run(arguments: argparse.Namespace) -> int:
    from rag_app.opening import settled

    check_owners()
    check_text(vars(arguments), "an argument")
    host, port = arguments.host, arguments.port
    entrance = _entrance(arguments)
    certificate = Certificate.given(arguments.certificate, arguments.key)
    announce(admin=arguments.admin, folders=arguments.allow_folders)
    for file in filter(None, (entrance.oidc, arguments.key)):
        warn_if_open(file)
    settings = settled(Settings.load(index=arguments.index))
    _check_free(host, port)
    # The pages load their settings themselves, in this process.
    os.environ["RAG_APP_INDEX"] = str(settings.index)
    os.environ[LOGIN] = "password" if entrance.password else ""
    os.environ[OIDC] = str(entrance.oidc or "")
    # Pages' resources are opened here without a page, on purpose.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel("ERROR")
    if _is_empty(settings):
        _ingest(arguments.samples or _default_samples(), settings)
    else:
        Thread(target=_warm, args=(settings,), daemon=True).start()
    if certificate is None and not is_loopback(host):
        show(_UNENCRYPTED, error=True)
    token = f"/?token={entrance.token}" if entrance.token else ""
    show(f"Chat: {address(host, port, encrypted=certificate is not None)}{token}")
    uploads = settings.upload_mebibytes
    serve(entrance, host, port, certificate=certificate, upload_mebibytes=uploads)
    return 0


def _entrance(arguments: argparse.Namespace) -> Entrance:
    """How visitors get in, by flags, environment and host."""
    named = os.environ.get(OIDC)
    oidc = arguments.oidc or (Path(named) if named else None)
    entrance = Entrance.chosen(arguments.host, password_file=arguments.password_file, oidc=oidc)
    if entrance.oidc is not None and SignIn.read(entrance.oidc).allowed is None:
        show(_ANYBODY, error=True)
    return entrance


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


def _is_empty(settings: Settings) -> bool:
    from rag_app.index.catalog.catalog import Catalog, is_index

    if not is_index(settings.index):
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
    from ui.resources import shared

    show(f"The index is empty: adding {samples} …", error=True)
    index, embedder = shared.opened(settings)
    try:
        report = configured(settings)([samples], index, embedder=embedder)
    except IndexLocked as error:
        show(error, error=True)
    else:
        show(report, error=True)


def _warm(settings: Settings) -> None:
    """Open what the first page needs while the browser starts, and watch folders on."""
    from rag_app.opening import settled
    from ui.resources import shared

    try:
        shared.rag(settings)
        for each in collections_of(settings.index):
            shared.watching(settled(Settings.load(index=each.folder)))
    except RagError as error:
        _logger.info("%s", error)  # the page says it too


if __name__ == "__main__":
    sys.exit(main())
