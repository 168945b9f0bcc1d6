"""A server that speaks OpenAI's protocol, as far as streamed answers and embeddings go."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fakes import HashEmbedder


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        if self.server.status != 200:
            self.send_error(self.server.status, "the model is gone")
        elif self.path.endswith("/embeddings"):
            self._send_vectors(self.server.asked[-1]["input"])
        else:
            self._send_words()

    def _send_vectors(self, given: str | list[Any]) -> None:
        """Vectors of texts, or of lists of tokens, by the words or numbers they share."""
        texts = [given] if isinstance(given, str) else [str(one) for one in given]
        rows = [
            {"object": "embedding", "index": number, "embedding": vector}
            for number, vector in enumerate(HashEmbedder().embed(texts).tolist())
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = {"object": "list", "model": "tiny", "data": rows, "usage": usage}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def _send_words(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for word in self.server.written.split(" "):
            self._send({"content": f"{word} "}, None)
        self._send({}, "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, delta: dict[str, str], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        piece = {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    asked: list[dict[str, Any]]
    written: str
    status: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def serving(written: str, *, status: int = 200) -> Iterator[_Server]:
    """The server, which always writes the same, until the end of the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.asked, server.written, server.status = [], written, status
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
