"""HTML of a conversation: questions, answers, and the evidence under each answer.

Sources open in place, without asking the server: what they show is what the answer was
made from, even after the document has changed or gone.
"""

from collections.abc import Sequence

from rag_app.schema import Answer, Chunk, Citation, Hit
from ui.components.blocks import file_name, highlighted, place, plain, rejoined
from ui.languages.fixed_words import in_words
from ui.languages.language import gettext, ngettext, percent

_BELOW = " › "  # between the headings of a chunk, outermost first
_GLANCE = 300  # characters of a quote that its number tells
_STRONG, _FAIR = 0.6, 0.3  # from this confidence on


def confidence_words(confidence: float) -> str:
    """How sure an answer is, in words."""
    return _confidence(confidence)[0]


def question_html(question: str, within: str = "") -> str:
    """The visitor's words, and which documents they were asked of, if not of all."""
    words = plain(gettext("In: {documents}").format(documents=within))
    asked_of = f'<span class="asked-of">{words}</span>' if within else ""
    return f'<div class="question"><p>{plain(question)}</p>{asked_of}</div>'


def within_html(within: str) -> str:
    """Which documents the next question is asked of."""
    words = within or gettext("all documents")
    return f'<p class="within">{plain(words)}</p>'


def answer_html(answer: Answer, *, turn: int, sources: bool = True) -> str:
    """A checked answer with what supports it, or the closest passages where nothing does.

    Without its sources it ends where they begin, which `sources_html` has one by one.
    """
    if answer.mode == "abstain":
        shown = f'<p class="abstained">{plain(in_words(answer.text))}</p>'
    else:
        shown = f'<div class="answer">{_prose(answer, turn)}</div>'
    return shown + _remarks(answer) + _evidence(answer, turn, sources=sources)


def sources_html(answer: Answer, *, turn: int) -> list[tuple[Citation, str]]:
    """Each source once, though it may support several claims, in the order of the numbers."""
    chunks = {hit.chunk.id: hit.chunk for hit in answer.hits}
    numbered = {citation.number: citation for citation in answer.citations}
    return [
        (citation, _source(citation, chunks[citation.chunk_id], anchor=_anchor(turn, citation)))
        for _, citation in sorted(numbered.items())
    ]


def found_html(hits: Sequence[Hit], quotes: Sequence[str]) -> str:
    """What is known before the answer is: where it may come from, in the documents' words.

    Args:
        hits: All that are read.
        quotes: Of the first of them, a sentence each; "" shows none.
    """
    shown = zip(hits, quotes, strict=False)
    listed = "".join(_glimpse(hit.chunk.source, quote) for hit, quote in shown if quote)
    reading = ngettext("Reading {count} passage", "Reading {count} passages", len(hits))
    return f'<p class="working" role="status">{plain(reading)}</p><ol class="found">{listed}</ol>'


def draft_html(words: str) -> str:
    """A stretch of what a language model writes."""
    return f"<span>{plain(words)}</span>"


def writing_html() -> str:
    """That it writes."""
    writing = gettext("Writing")
    return f'<p class="working" role="status">{plain(writing)}</p>'


def _prose(answer: Answer, turn: int) -> str:
    """The text, with the number after each claim linked to its source."""
    text = answer.text if answer.mode == "generate" else rejoined(answer.text)
    shown, last = "", 0
    for citation in sorted(answer.citations, key=lambda citation: citation.answer_end):
        number = f" [{citation.number}]"
        if not text.startswith(number, citation.answer_end):
            continue
        shown += _told(answer, text, last, citation.answer_end)
        shown += (
            f'<a class="number" href="#{_anchor(turn, citation)}" title="{_glance(citation)}"'
            f' aria-label="{_called(citation)}">{citation.number}</a>'
        )
        last = citation.answer_end + len(number)
    shown += _told(answer, text, last, len(text))
    return "".join(f"<p>{paragraph}</p>" for paragraph in shown.split("\n\n"))


def _called(citation: Citation) -> str:
    """Its number and where the quote stands."""
    where = place(citation.source, citation.page)
    return plain(gettext("Source {number}: {place}").format(number=citation.number, place=where))


def _glance(citation: Citation) -> str:
    """Where the quote stands, and how it begins."""
    quote = " ".join(citation.quote.split())
    begun = quote if len(quote) <= _GLANCE else f"{quote[:_GLANCE].rstrip()} …"
    where = place(citation.source, citation.page)
    return plain(gettext("{place}: “{quote}”").format(place=where, quote=begun))


def _told(answer: Answer, text: str, begin: int, end: int) -> str:
    """A stretch of the text, with the words that answer and what nothing supports marked."""
    shown = ""
    # Said to those who cannot see the line.
    unsupported = plain(gettext("Not in the documents:"))
    for start, stop, kind in sorted(_marks(answer)):
        if begin <= start and stop <= end:
            said = f'<span class="unseen">{unsupported} </span>' if kind == "unsupported" else ""
            shown += f'{plain(text[begin:start])}<span class="{kind}">'
            shown += f"{said}{plain(text[start:stop])}</span>"
            begin = stop
    return shown + plain(text[begin:end])


def _marks(answer: Answer) -> list[tuple[int, int, str]]:
    """(start, end, kind) of what is marked in the answer's text."""
    marks = [(start, end, "unsupported") for start, end in answer.unsupported]
    for citation in answer.citations:
        if citation.words is not None:
            # Where the reader could tell words, the claim is the quote.
            moved = citation.answer_start - citation.start
            start, end = citation.words
            marks.append((start + moved, end + moved, "words"))
    return marks


def _remarks(answer: Answer) -> str:
    remarks = []
    if answer.searched not in {"", answer.question}:
        remarks.append(gettext("Searched for: {question}").format(question=answer.searched))
    if answer.unsupported:
        remarks.append(gettext("The documents do not say what is underlined."))
    if answer.note:
        remarks.append(in_words(answer.note))
    return "".join(f'<p class="remark">{plain(remark)}</p>' for remark in remarks)


def _evidence(answer: Answer, turn: int, *, sources: bool) -> str:
    if answer.mode != "abstain":
        listed = [html for _, html in sources_html(answer, turn=turn)] if sources else []
        return f'<div class="sources">{_sureness(answer)}{"".join(listed)}</div>'
    if not answer.hits:
        return ""
    passages = "".join(_passage(hit.chunk) for hit in answer.hits)
    title = plain(gettext("Closest passages"))
    return (
        f'<div class="sources"><details class="closest"><summary>{title}</summary>'
        f'<div class="passages" tabindex="0">{passages}</div></details></div>'
    )


def _sureness(answer: Answer) -> str:
    words, strength = _confidence(answer.confidence)
    chance = gettext("Estimated chance that the documents answer this: {share}")
    chance = plain(chance.format(share=percent(answer.confidence)))
    return (
        f'<p class="sureness {strength}" title="{chance}">'
        f'{plain(words.capitalize())}<span class="unseen">. {chance}</span></p>'
    )


def _source(citation: Citation, chunk: Chunk, *, anchor: str) -> str:
    facts = [
        (gettext("File"), citation.source),
        (gettext("Page"), str(citation.page or "")),
        # A passage may run over several sections; the quote may stand in a later one.
        (gettext("Passage begins in"), chunk.heading),
        (gettext("Support"), percent(citation.score)),
    ]
    listed = "".join(
        f"<div><dt>{plain(name)}</dt><dd>{plain(value)}</dd></div>"
        for name, value in facts
        if value
    )
    begin = citation.start - chunk.start
    # Without the blank lines that end a passage; a quote never reaches into them.
    text = chunk.text.rstrip()
    shown = highlighted(text, begin, begin + len(citation.quote), anchor=anchor)
    unseen = gettext("Source")
    return (
        f'<details class="source"><summary><span class="unseen">{unseen} </span>'
        f'<span class="number">{citation.number}</span>{_where(citation.source, citation.page)}'
        f'</summary><div class="evidence"><dl>{listed}</dl>'
        f'<blockquote tabindex="0">{shown}</blockquote></div></details>'
    )


def _passage(chunk: Chunk) -> str:
    return (
        f'<div class="passage"><p>{_where(chunk.source, chunk.page, chunk.heading)}</p>'
        f"<blockquote>{plain(rejoined(chunk.text.rstrip()))}</blockquote></div>"
    )


def _glimpse(source: str, quote: str) -> str:
    # Without a page: the passage's is not always that of the sentence.
    return (
        f"<li><p>{_where(source, None)}</p>"
        f"<blockquote><span>{plain(quote)}</span></blockquote></li>"
    )


def _where(source: str, page: int | None, heading: str = "") -> str:
    """File name, page and the innermost heading."""
    innermost = heading.rpartition(_BELOW)[2]
    details = [gettext("page {page}").format(page=page) if page else "", innermost]
    shown = plain(" · ".join(detail for detail in details if detail))
    return (
        f'<span class="where"><span class="name">{plain(file_name(source))}</span>'
        f' <span class="page">{shown}</span></span>'
    )


def _anchor(turn: int, citation: Citation) -> str:
    return f"answer-{turn}-source-{citation.number}"


def _confidence(confidence: float) -> tuple[str, str]:
    if confidence >= _STRONG:
        return gettext("well supported"), "strong"
    if confidence >= _FAIR:
        return gettext("likely"), "fair"
    return gettext("uncertain"), "weak"
