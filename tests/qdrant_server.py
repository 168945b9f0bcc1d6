"""The calls of Qdrant's REST interface that we make, answered by its local mode.

It shows that our requests say what we mean; what only a real server does, its graph above
all, it cannot show.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from qdrant_client import QdrantClient, models


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        self._answer({})

    def do_PUT(self) -> None:
        self._answer(self._body())

    def do_DELETE(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, body: dict[str, Any]) -> None:
        if self.headers.get("api-key", "") != self.server.key:
            self._send(401, b"Must provide an API key")
            return
        with self.server.turn:
            result = self.server.do(self.command, self.path.partition("?")[0], body)
        self._send(200, json.dumps({"result": result, "status": "ok", "time": 0.0}).encode())

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, key: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = key
        self.turn = Lock()
        self._local = QdrantClient(":memory:")

    def do(self, method: str, path: str, body: dict[str, Any]) -> object:
        _, _, name, *what = path.split("/")
        match method, what:
            case "GET", ["exists"]:
                return {"exists": self._local.collection_exists(name)}
            case "PUT", []:
                made = models.CreateCollection.model_validate(body)
                return self._local.create_collection(name, vectors_config=made.vectors)
            case "DELETE", []:
                return self._local.delete_collection(name)
            case "PUT", ["points"]:
                batch = models.PointsBatch.model_validate(body).batch
                return self._local.upsert(name, batch).model_dump(mode="json")
            case "POST", ["points", "delete"]:
                gone = models.PointIdsList.model_validate(body)
                return self._local.delete(name, gone).model_dump(mode="json")
            case "POST", ["points", "query"]:
                vector = body["query"]["nearest"]
                found = self._local.query_points(
                    name, query=vector, limit=body["limit"], with_payload=body["with_payload"]
                )
                return found.model_dump(mode="json")
        raise NotImplementedError(f"{method} {path}")


@contextmanager
def stand_in(*, key: str = "") -> Iterator[str]:
    """The address of a server that keeps its points in memory, and lets in whoever has the key."""
    with _Server(key) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
