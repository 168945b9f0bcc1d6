"""How the library's documents are listed: told apart where their names are the same."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ingest.names import path_of
from rag_app.index.catalog.catalog import Entry
from rag_app.text.printable import printable
from ui.components.blocks import day_and_time, file_name, plain
from ui.languages.fixed_words import statuses
from ui.languages.language import gettext, ngettext, number
from ui.uploads import is_upload

_DIGITS = 8  # of a digest, for people


class DocumentList:
    """The documents as they are shown at a moment.

    Args:
        entries: All that are told apart.
        uploads: The folder of files that came through the browser.
        now: The moment, with its time zone.
    """

    def __init__(self, entries: Sequence[Entry], *, uploads: Path, now: datetime) -> None:
        self._times = Counter(file_name(entry.source) for entry in entries)
        self._uploads = uploads
        self._now = now

    def name(self, entry: Entry) -> str:
        """One line that no other document has."""
        name = file_name(entry.source)
        if self._times[name] == 1:
            return printable(name)
        return printable(
            f"{name} ({self.origin(entry)})" if self.is_upload(entry) else entry.source
        )

    def origin(self, entry: Entry) -> str:
        """Where it comes from: its path, or when it was uploaded."""
        if not self.is_upload(entry):
            return entry.source
        words = gettext("uploaded {moment}, {digest}")
        return words.format(moment=self.moment(entry), digest=entry.file.digest[:_DIGITS])

    def is_upload(self, entry: Entry) -> bool:
        """Whether it came through the browser."""
        return is_upload(self._uploads, path_of(entry.file.path))

    def moment(self, entry: Entry) -> str:
        """When its file last changed; an upload does so when it comes."""
        changed = datetime.fromtimestamp(entry.file.modified / 1e9, self._now.tzinfo)
        return day_and_time(changed, self._now)

    def table_html(self, entries: Sequence[Entry]) -> str:
        """A table of files and what became of them."""
        words = statuses()
        document, status = plain(gettext("Document")), plain(gettext("Status"))
        passages = plain(gettext("Passages"))
        rows = "".join(
            f'<tr><td><span class="name">{plain(file_name(entry.source))}</span>'
            f"{self._aside(entry)}</td>"
            f'<td><span class="status {entry.status}">{plain(words[entry.status])}</span></td>'
            f'<td class="figure">{_passages(entry.chunks)}</td></tr>'
            for entry in entries
        )
        return (
            f'<table class="documents"><thead><tr><th scope="col">{document}</th>'
            f'<th scope="col">{status}</th><th scope="col" class="figure">{passages}</th></tr>'
            f"</thead><tbody>{rows}</tbody></table>"
        )

    def _aside(self, entry: Entry) -> str:
        reason = f'<span class="reason">{plain(entry.remark)}</span>' if entry.remark else ""
        return f'<span class="path">{plain(self.origin(entry))}</span>{reason}'


def _passages(count: int) -> str:
    """The number, and around it the words that only a narrow page shows."""
    before, figure, after = (
        plain(part)
        for part in ngettext("{count} passage", "{count} passages", count).partition(number(count))
    )
    return f'<span class="unit">{before}</span>{figure}<span class="unit">{after}</span>'
