"""One file in, one `Document` out. One module a format."""

from ingest.loading.load import FORMATS, load

__all__ = ["FORMATS", "load"]
