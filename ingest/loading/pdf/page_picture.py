"""A page of a PDF as a picture, with what is quoted from it marked."""

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ingest.loading.pdf.pages import Pages
from ingest.loading.pdf.quote_boxes import Box, quote_boxes
from rag_app.errors import LoadError

if TYPE_CHECKING:
    from PIL.Image import Image

_logger = logging.getLogger(__name__)
_WIDTH = 1_400  # pixels
_MOST_PIXELS = 6_000_000
_LARGEST = 4.0  # pixels a point: a stamp need not fill the screen
_MARKER = (255, 236, 130)  # as a pen marks paper: what is dark stays dark
_EDGE = (214, 150, 0)
_MARGIN = 3  # pixels around the words
_LINE = 2  # pixels of the edge


@dataclass(frozen=True, slots=True)
class MarkedPage:
    """A page as a PNG file, and where on it the quote stands, one box a line."""

    png: bytes
    boxes: tuple[Box, ...]


def mark_page(
    data: bytes, page: int, quote: str, *, before: str = "", after: str = ""
) -> MarkedPage:
    """The page with the quote marked; unmarked if the page does not say it.

    Args:
        data: Of a PDF.
        page: 1-based.
        quote: Text that was read from this page.
        before: Of that text, what stands before the quote; tells repeated ones apart.
        after: The same of what follows.

    Raises:
        LoadError: PDFium cannot open the file, or not this page.
    """
    try:
        with closing(_opened(data, page)) as opened:
            boxes = quote_boxes(opened, quote, before=before, after=after)
            return MarkedPage(_png(_marked(_drawn(opened), boxes)), tuple(boxes))
    except MemoryError:
        raise
    except Exception as error:
        _logger.debug("page %d cannot be drawn", page, exc_info=True)
        raise LoadError(f"page {page} cannot be drawn; open the file to see it") from error


def _opened(data: bytes, page: int) -> Any:
    """PDFium's page.

    Raises:
        LookupError: PDFium opens no such page.
        PdfiumError: It is damaged.
    """
    pdfium = Pages(data).pdfium
    if pdfium is None or not 0 < page <= len(pdfium):
        raise LookupError(page)
    return pdfium.file[page - 1]


def _drawn(page: Any) -> "Image":
    width, height = (max(side, 1.0) for side in page.get_size())
    scale = min(_WIDTH / width, (_MOST_PIXELS / (width * height)) ** 0.5, _LARGEST)
    picture: Image = page.render(scale=scale, rev_byteorder=True).to_pil()
    return picture.convert("RGB")


def _marked(picture: "Image", boxes: Sequence[Box]) -> "Image":
    """The picture with the boxes coloured; those that touch share one edge."""
    from PIL import Image, ImageChops

    pen = ImageChops.multiply(picture, Image.new("RGB", picture.size, _MARKER))
    picture.paste(_EDGE, mask=_mask(boxes, picture.size, _MARGIN + _LINE))
    return Image.composite(pen, picture, _mask(boxes, picture.size, _MARGIN))


def _mask(boxes: Sequence[Box], size: tuple[int, int], margin: int) -> "Image":
    from PIL import Image, ImageDraw

    mask = Image.new("1", size)
    width, height = size
    for left, top, right, bottom in boxes:
        upper = (left * width - margin, top * height - margin)
        lower = (right * width + margin, bottom * height + margin)
        ImageDraw.Draw(mask).rectangle((upper, lower), fill=1)
    return mask


def _png(picture: "Image") -> bytes:
    output = BytesIO()
    picture.save(output, "PNG")
    return output.getvalue()
