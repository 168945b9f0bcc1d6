"""Records as pages for people: Markdown and HTML.

Words of documents, questions and models are shown and never interpreted: no link, picture
or script of theirs survives.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rag_app.errors import DataError
from rag_app.generation.citations import NO_SUPPORT
from rag_app.history.record import Quote, Record, as_json
from rag_app.text.html_page import page, plain, write
from rag_app.text.printable import printable, where

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}"
    "blockquote{margin:.3rem 0 1rem;padding-left:1rem;border-left:3px solid #88a;"
    "white-space:pre-wrap}.answer{white-space:pre-wrap}.digest{color:#666;font-size:.8rem}"
    ".unsupported{text-decoration:underline wavy}"
)


def as_markdown(records: Iterable[Record]) -> str:
    """One section for each answer; the records themselves in a comment at the end."""
    kept = list(records)
    sections = "\n\n".join(_markdown(record) for record in kept)
    return f"{sections}\n\n<!-- {as_json(kept, hidden=True)} -->\n"


def as_html(records: Iterable[Record]) -> str:
    """A page that loads nothing and runs nothing."""
    kept = list(records)
    sections = "\n".join(_html(record) for record in kept)
    title = kept[0].question if kept else "Answers"
    hidden = f'<script type="application/json">{as_json(kept, hidden=True)}</script>'
    return page(title, f"{sections}\n{hidden}", style=_STYLE)


Form = Callable[[Iterable[Record]], str]
FORMATS: dict[str, Form] = {
    ".md": as_markdown,
    ".html": as_html,
    ".json": as_json,
}


def write_records(records: Sequence[Record], path: Path) -> None:
    """Write the file; its ending says how.

    Raises:
        DataError: The ending is another one, or the file cannot be written.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise DataError(f"{path}: answers are written as {', '.join(FORMATS)}; choose one")
    write(path, form(records))


def _markdown(record: Record) -> str:
    lines = [f"# {_escaped(' '.join(record.question.split()))}", _escaped(record.text)]
    for start, end in record.unsupported:
        lines.append(f"{NO_SUPPORT}: {_escaped(record.text[start:end])}")
    for quote in _once(record.quotes):
        quoted = "\n".join(f"> {_escaped(line)}" for line in quote.quote.splitlines())
        lines.append(f"**\\[{quote.number}\\] {_escaped(_where(quote))}**\n\n{quoted}")
        lines.append(f"SHA-256 `{_escaped(quote.digest)}`")
    return "\n\n".join(lines)


def _html(record: Record) -> str:
    quotes = "".join(
        f"<h2>[{quote.number}] {plain(_where(quote))}</h2><blockquote>{plain(quote.quote)}"
        f'</blockquote><p class="digest">SHA-256 {plain(quote.digest)}</p>'
        for quote in _once(record.quotes)
    )
    return f'<h1>{plain(record.question)}</h1><p class="answer">{_marked(record)}</p>{quotes}'


def _marked(record: Record) -> str:
    shown, last = "", 0
    for start, end in record.unsupported:
        shown += f'{plain(record.text[last:start])}<span class="unsupported" title="{NO_SUPPORT}">'
        shown += f"{plain(record.text[start:end])}</span>"
        last = end
    return shown + plain(record.text[last:])


def _once(quotes: Iterable[Quote]) -> list[Quote]:
    """A source that supports several claims is listed once."""
    return list({quote.number: quote for quote in quotes}.values())


def _where(quote: Quote) -> str:
    return f"{where(quote.source, quote.page)}, characters {quote.start}–{quote.end}"


def _escaped(text: str) -> str:
    """CommonMark that shows just the text, each line as its own."""
    return _PUNCTUATION.sub(r"\\\1", printable(text).strip())
