"""The whole `rag-ingest` of files made to cost time: it ends, and Ctrl-C ends it.

Slow: megabytes of every pattern, read, cut and embedded.
"""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.nasty import PIECES, repeated

pytestmark = pytest.mark.slow
SECONDS = 120  # of `file_seconds`, which is the default
MEGABYTE = 1_000_000
# Where tests run in the background, Ctrl-C is switched off, and for their children too.
CODE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from ingest.script import main; print('ready', flush=True); sys.exit(main(sys.argv[1:]))"
)
FILES = {
    "headings.md": "# a\n" * MEGABYTE,
    "line.txt": "word " * (4 * MEGABYTE),
    "letters.txt": "x" * (20 * MEGABYTE),
    "newlines.txt": "begin" + "\n" * (10 * MEGABYTE) + "end",
    "authors.txt": PIECES["authors"] * (20 * MEGABYTE // 25),
    "nested.json": "[" * MEGABYTE + "]" * MEGABYTE,
    "backticks.md": "`" * (MEGABYTE // 2),
    "nested.html": "<div>" * (MEGABYTE // 5),
    "tables.md": "| | | |\n" * (MEGABYTE // 8),
    "nested.md": "".join(" " * (level % 400) + "- a\n" for level in range(5_000)),
}


def started(file: Path, index: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(file), "--index", str(index), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_ends(file: Path, index: Path) -> None:
    begun = time.monotonic()
    with started(file, index) as process:
        out, err = process.communicate()
    assert time.monotonic() - begun < SECONDS + 2
    report = json.loads(out.removeprefix("ready\n"))
    assert "Traceback" not in err
    lacking = [report[name] for name in ("failed", "partial", "skipped")]
    assert report["added"] + sum(map(len, lacking)) == report["files"] == 1
    assert all(reason["reason"] for reasons in lacking for reason in reasons)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_wants_to_cost_much_ends_in_time(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name])
    assert_ends(tmp_path / name, tmp_path / "index")


@pytest.mark.parametrize("name", PIECES)
def test_a_megabyte_of_any_pattern_ends_in_time(name: str, tmp_path: Path) -> None:
    (tmp_path / "nasty.txt").write_text(repeated(PIECES[name], MEGABYTE))
    assert_ends(tmp_path / "nasty.txt", tmp_path / "index")


@pytest.mark.parametrize("after", [2, 4, 8, 16])
@pytest.mark.parametrize("name", ["authors.txt", "headings.md", "line.txt"])
def test_ctrl_c_ends_it_within_two_seconds(name: str, after: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name])
    with started(tmp_path / name, tmp_path / "index") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert time.monotonic() - pressed < 2
    assert "Traceback" not in err
    assert process.returncode != 0
