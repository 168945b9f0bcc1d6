"""One file in, one `Document` out. One module a format."""

from ingest.loading.formats import FORMATS
from ingest.loading.load import load

__all__ = ["FORMATS", "load"]
