"""Serving the pages: Streamlit's options, and what stands around it."""

import signal
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import gethostname
from typing import Any, Self

from rag_app.errors import ConfigError
from ui.access.entrance import Entrance

_SCRIPT = Path(__file__).parent / "app.py"
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  not bound here, but recognised
# What must hold wherever the command is run, whatever a config.toml there says.
_STREAMLIT: dict[str, Any] = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.showEmailPrompt": False,
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.corsAllowedOrigins": [],
    "server.enableStaticServing": False,
    "global.developmentMode": False,
    "server.trustedUserHeaders": {},
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "logger.hideWelcomeMessage": True,
    "theme.light.primaryColor": "#1f6f6b",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f3f5f5",
    "theme.light.textColor": "#1d2426",
    "theme.dark.primaryColor": "#2b837b",
    "theme.dark.backgroundColor": "#14181a",
    "theme.dark.secondaryBackgroundColor": "#1e2427",
    "theme.dark.textColor": "#e4e9ea",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key, as PEM files."""

    file: Path
    key: Path

    @classmethod
    def given(cls, file: Path | None, key: Path | None) -> Self | None:
        """The pair; None where none is given.

        Raises:
            ConfigError: One is missing, or they cannot be used together.
        """
        if file is None and key is None:
            return None
        if file is None or key is None:
            raise ConfigError("a certificate needs its key; give both --certificate and --key")
        try:
            # A key with a passphrase is refused, as nobody is there to type it.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file, key, password="")
        except (OSError, ValueError) as error:
            raise ConfigError(f"{file} and {key} cannot be used ({error})") from error
        return cls(file, key)


def address(host: str, port: int, *, encrypted: bool = False) -> str:
    """Where a browser finds the pages; by this machine's name where all its addresses serve."""
    name = gethostname() if host in _EVERYWHERE else host
    name = f"[{name}]" if ":" in name else name
    return f"{'https' if encrypted else 'http'}://{name}:{port}"


def serve(
    entrance: Entrance,
    host: str,
    port: int,
    *,
    certificate: Certificate | None,
    upload_mebibytes: int,
) -> None:
    """Serve until interrupted."""
    import streamlit as st

    options = options_of(
        entrance, host, port, certificate=certificate, upload_mebibytes=upload_mebibytes
    )
    app = st.App(_SCRIPT, middleware=entrance.middleware(port))
    # What has ended the server is raised once more when it is down: to end as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        app.run(config=options)


def options_of(
    entrance: Entrance,
    host: str,
    port: int,
    *,
    certificate: Certificate | None,
    upload_mebibytes: int,
) -> dict[str, Any]:
    """Streamlit's options, by their names."""
    options = _STREAMLIT | {"server.address": host, "server.port": port, "secrets.files": []}
    options["server.maxUploadSize"] = upload_mebibytes
    if entrance.is_free:
        # A strange site must not reach the pages through a name that resolves to here; the
        # cookie of an entrance is not sent to such a name.
        options["server.allowedHosts"] = ["localhost", host]
    if entrance.oidc is not None:
        options["secrets.files"] = [str(entrance.oidc)]
    if certificate is not None:
        options["server.sslCertFile"] = str(certificate.file)
        options["server.sslKeyFile"] = str(certificate.key)
    return options
