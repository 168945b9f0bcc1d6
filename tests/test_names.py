"""Names that are no text become text and paths again, without loss and without mix-up."""

import json
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.names import path_of, text_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
# Bytes of broken and whole UTF-8, and what escapes are made of.
NAMES = st.lists(
    st.sampled_from([b"\\", b"x", b"5c", b"e9", b"\xe9", b"\xc3", b"\xa9", b"\x80", b"a", b"\n"])
    | st.binary(min_size=1, max_size=3),
    max_size=12,
).map(lambda parts: os.fsdecode(b"/" + b"".join(parts).replace(b"\0", b"").replace(b"/", b"")))


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert text_of(Path(os.fsdecode(b"/docs/caf\xe9.md"))) == r"/docs/caf\xe9.md"


@pytest.mark.parametrize("name", ["/docs/café.md", "/docs/a\nb.md", r"/docs/a\b\x41.md", "-rf"])
def test_names_that_are_text_stay_as_they_are(name: str) -> None:
    assert text_of(Path(name)) == name


def test_a_name_that_looks_like_an_escape_is_not_taken_for_one() -> None:
    assert text_of(Path(r"/caf\xe9.md")) == r"/caf\x5cxe9.md"
    assert path_of(r"/caf\x5cxe9.md") == Path(r"/caf\xe9.md")


@given(NAMES)
def test_every_path_comes_back_from_its_text(name: str) -> None:
    assert path_of(text_of(name)) == Path(name)


@given(NAMES)
def test_every_text_can_be_stored(name: str) -> None:
    text = text_of(name)
    ((stored,),) = sqlite3.connect(":memory:").execute("SELECT ?", (text,))
    assert json.loads(json.dumps(text, ensure_ascii=False).encode()) == stored == text
