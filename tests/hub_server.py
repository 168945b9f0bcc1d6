"""A model hub of one model, as far as looking it up and fetching its files go."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "somebody/something"
_COMMIT = sha1(b"a commit").hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        resolved = f"/{MODEL}/resolve/{_COMMIT}/"
        if path.startswith(f"/api/models/{MODEL}/tree/"):
            self._send(json.dumps([_entry(*file) for file in self.server.files.items()]).encode())
        elif path.startswith(f"/api/models/{MODEL}"):
            self._send(json.dumps({"id": MODEL, "sha": _COMMIT, "siblings": []}).encode())
        elif path.startswith(resolved) and path.removeprefix(resolved) in self.server.files:
            self._send(self.server.files[path.removeprefix(resolved)], with_body=with_body)
        else:
            self.send_error(404)

    def _send(self, data: bytes, *, with_body: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{sha1(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", _COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    files: dict[str, bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def _entry(name: str, data: bytes) -> dict[str, Any]:
    return {"type": "file", "path": name, "size": len(data), "oid": sha1(data).hexdigest()}


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[_Server]:
    """The hub, whose model has these files, until the end of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.files = files
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
