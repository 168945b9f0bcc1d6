"""Pictures (PNG, JPEG, TIFF, GIF and others): scans, screenshots and photos of text."""

import warnings
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING

from ingest.loading.extracted import Extracted
from ingest.loading.pdf.cleaning import clean
from ingest.loading.pdf.page_text import join_pages
from ingest.loading.scans.ocr import cure, read_pictures
from rag_app.errors import LoadError, SkippedFile

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 90.0  # for all pages of one file
_MOST_PAGES = 500
_MOST_PIXELS = 20_000_000  # given to be recognised; larger ones are made smaller
_SMALL = 1_500  # pixels of the longer side: a screenshot, whose letters are too small as it is


def extract(data: bytes) -> Extracted:
    """The text that is seen in a picture, page by page where it has several, as faxes do.

    Raises:
        SkippedFile: No program to recognise text is installed.
        LoadError: The picture is too large.
    """
    if advice := cure():
        raise SkippedFile(f"a picture; {advice} to have its text read")
    deadline = monotonic() + _SECONDS
    read = list(read_pictures(_pages(data), deadline=deadline))
    failed = [number for number, lines in enumerate(read, start=1) if lines is None]
    extracted = join_pages(clean([lines or [] for lines in read]))
    pages = extracted.page_starts if len(read) > 1 else ()
    missing = f"{len(failed)} of {len(read)} pages, not recognised in time" if failed else ""
    return Extracted(extracted.text, page_starts=pages, missing=missing)


def _pages(data: bytes) -> Iterator[bytes]:
    from PIL import Image, ImageSequence

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(BytesIO(data))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise LoadError("a picture of too many pixels; save a smaller copy") from error
    # The frames of a GIF are moments of one picture; those of a TIFF are pages.
    most = _MOST_PAGES if picture.format == "TIFF" else 1
    for frame in islice(ImageSequence.Iterator(picture), most):
        yield _prepared(frame)


def _prepared(picture: "Image") -> bytes:
    """Upright, dark on light, of a size that suits recognition; as a PGM file."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    grey = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("L")
    if max(grey.size) < _SMALL:
        grey = grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.LANCZOS)
    elif grey.width * grey.height > _MOST_PIXELS:
        scale = (_MOST_PIXELS / (grey.width * grey.height)) ** 0.5
        grey = grey.resize((int(grey.width * scale) or 1, int(grey.height * scale) or 1))
    output = BytesIO()
    grey.save(output, "PPM")
    return output.getvalue()
