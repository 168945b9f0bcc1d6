"""Originals and pictures of their pages: only of the bytes that were read, in a child process."""

import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ingest.drawing import OnPage, draw_page
from ingest.names import text_of
from ingest.original import Original
from rag_app.errors import LoadError
from rag_app.settings.provenance import Settings
from tests.conftest import SAMPLES

HOIST = SAMPLES / "hoist-manual.pdf"
WORDS = OnPage(2, "Allow twenty minutes.")


def original(path: Path) -> Original:
    """The file as it is now."""
    data = path.read_bytes()
    return Original(text_of(path), len(data), sha256(data).hexdigest())


@pytest.fixture(params=["a.pdf", "h\udce9.pdf"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of three letters, also under a name in another encoding."""
    path = tmp_path / request.param
    path.write_bytes(b"was")
    return path


def test_an_original_is_what_was_read(path: Path) -> None:
    assert original(path).read() == b"was"


@pytest.mark.parametrize("now", [b"is!", b"is now", b""])
def test_a_file_with_other_bytes_is_no_original(path: Path, now: bytes) -> None:
    before = original(path)
    path.write_bytes(now)
    with pytest.raises(LoadError, match=r"\.pdf has changed since it was read; add it again"):
        before.read()


def test_a_file_that_is_gone_is_no_original(path: Path) -> None:
    before = original(path)
    path.unlink()
    with pytest.raises(LoadError, match=r"\.pdf is no longer there"):
        before.read()


def test_a_file_that_cannot_be_opened_is_no_original(path: Path) -> None:
    before = original(path)
    path.unlink()
    path.mkdir()
    size = path.stat().st_size
    with pytest.raises(LoadError, match=r"\.pdf cannot be opened \("):
        Original(before.path, size, before.digest).read()


def test_a_page_is_drawn_with_its_quote() -> None:
    drawn = draw_page(original(HOIST), WORDS, settings=Settings())
    picture = Image.open(BytesIO(drawn.png))
    assert picture.format == "PNG"
    assert 1390 < picture.width < 1410
    (box,) = drawn.boxes
    assert all(0 < side < 1 for side in box)


def test_a_page_that_does_not_say_it_has_no_boxes() -> None:
    drawn = draw_page(original(HOIST), OnPage(1, WORDS.quote), settings=Settings())
    assert drawn.boxes == ()


def test_what_is_no_pdf_is_one_line(path: Path) -> None:
    with pytest.raises(LoadError, match=r"^page 2 cannot be drawn; open the file"):
        draw_page(original(path), WORDS, settings=Settings())


def test_a_page_that_needs_too_much_memory_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.touch()
    os.truncate(path, 180 << 20)
    large = Original(str(path), 180 << 20, "")
    with pytest.raises(LoadError, match=r"a\.pdf: needs more than 256 MiB to be read"):
        draw_page(large, WORDS, settings=Settings(file_mebibytes=256))
