"""Pages of PDFs, drawn in a child process with the limits that reading has."""

from base64 import b64decode
from dataclasses import asdict, dataclass

from ingest.children import Child, Limits
from ingest.original import Original
from rag_app.settings.provenance import Settings


@dataclass(frozen=True, slots=True)
class OnPage:
    """Words that were read from a page (1-based), and the text around them there."""

    page: int
    quote: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page as a PNG file with a quote marked on it.

    `boxes` are (left, top, right, bottom) of the quote's lines, 0…1 of the page's width and
    height from its upper left; none where the page does not say it in letters.
    """

    png: bytes
    boxes: tuple[tuple[float, float, float, float], ...]


def draw_page(original: Original, words: OnPage, *, settings: Settings) -> PagePicture:
    """The page of a PDF with the words marked, within what the settings let reading cost.

    Raises:
        LoadError: The file is gone or has changed, or the page cannot be drawn.
    """
    child = Child(Limits(settings.file_seconds, settings.file_mebibytes))
    question = {"do": "draw", "original": asdict(original), **asdict(words)}
    try:
        drawn = child.ask(original.path, **question)
    finally:
        child.stop()
    return PagePicture(b64decode(drawn["png"]), tuple(map(tuple, drawn["boxes"])))
