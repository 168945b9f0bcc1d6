"""A real Chroma server in a process of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import free_port


@contextmanager
def started(*command: str, folder: Path, **variables: str) -> Iterator[None]:
    """A server in a process of its own; the command's last word is its port."""
    with subprocess.Popen(
        command, cwd=folder, env=os.environ | variables, stdout=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + 30
            while not answers(int(command[-1])):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield
        finally:
            process.kill()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def chroma_in(folder: Path) -> Iterator[str]:
    """The address of a Chroma server with its files in the folder."""
    chroma = shutil.which("chroma", path=str(Path(sys.executable).parent))
    assert chroma
    port = str(free_port())
    options = ["--host", "127.0.0.1", "--path", str(folder), "--port", port]
    with started(chroma, "run", *options, folder=folder, ANONYMIZED_TELEMETRY="False"):
        yield f"http://127.0.0.1:{port}"
