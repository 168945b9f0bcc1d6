"""HTML of why a question found what it found."""

from collections.abc import Mapping

from rag_app.retrieval.explain import Explained, Explanation
from ui.components.blocks import file_name, plain
from ui.languages.language import figure, gettext, number

_NONE = "–"


def explanation_html(explanation: Explanation, cited: Mapping[str, int]) -> str:
    """A table of the candidates, best first.

    Args:
        explanation: Of the question.
        cited: The number that the answer gave to a chunk that it quotes, by its id.
    """
    if not explanation.candidates:
        nothing = gettext("There was nothing to compare.")
        return f'<p class="remark">{plain(nothing)}</p>'
    rows = "".join(
        _row(row, cited.get(row.chunk_id), reranked=explanation.reranked)
        for row in explanation.candidates
    )
    score, cosine, bm25, *others = (_head(*term) for term in _terms(explanation))
    name, rank = plain(gettext("Candidates")), plain(gettext("Rank"))
    passage, common = plain(gettext("Passage")), plain(gettext("Words in common"))
    return (
        f'<div class="candidates" role="region" aria-label="{name}" tabindex="0"><table>'
        f'<thead><tr><th scope="col" class="figure">{rank}</th><th scope="col">{passage}</th>'
        f'{score}{cosine}{bm25}<th scope="col">{common}</th>{"".join(others)}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{_meanings(explanation)}"
    )


def verdict_html(verdict: str) -> str:
    """Why a document is there, or is not."""
    return f'<p class="verdict" role="status">{plain(verdict)}</p>'


def _terms(explanation: Explanation) -> list[tuple[str, str]]:
    """Heads of columns that need a word, each with that word."""
    terms = [
        (gettext("Score"), gettext("both searches together, 0 to 1")),
        (gettext("Cosine"), gettext("how near in meaning, −1 to 1")),
        ("BM25", gettext("how many of the question's words it has; rare ones count more")),
        (gettext("Name"), gettext("added because the question names the file")),
    ]
    if explanation.reranked:
        words = gettext("how well its words match the question's, one by one, 0 to 1")
        terms.append((gettext("Rerank"), words))
    return terms


def _head(term: str, meaning: str) -> str:
    abbreviation = f'<abbr title="{plain(meaning)}">{plain(term)}</abbr>'
    return f'<th scope="col" class="figure">{abbreviation}</th>'


def _row(row: Explained, cited: int | None, *, reranked: bool) -> str:
    source, page = _source(cited) if cited else "", _page(row.page) if row.page else ""
    dense, bm25 = _ranked(f"{row.dense:.2f}", row.dense_rank), _NONE
    if row.lexical_rank:
        bm25 = _ranked(f"{row.lexical:.1f}", row.lexical_rank)
    named = figure(f"+{row.named:.2f}") if row.named else _NONE
    judged = _NONE if row.rerank is None else figure(f"{row.rerank:.2f}")
    last = f'<td class="figure">{judged}</td>' if reranked else ""
    return (
        f'<tr><td class="figure">{row.rank}</td>'
        f'<th scope="row"><span class="name" title="{plain(row.source)}">'
        f"{plain(file_name(row.source))}</span>{page}{source}</th>"
        f'<td class="figure">{figure(f"{row.score:.2f}")}</td>'
        f'<td class="figure">{dense}</td>'
        f'<td class="figure">{bm25}</td>'
        f"<td>{plain(', '.join(row.matched)) or _NONE}</td>"
        f'<td class="figure">{named}</td>'
        f"{last}</tr>"
    )


def _source(cited: int) -> str:
    title = plain(gettext("Source {number}").format(number=cited))
    return f' <span class="number" title="{title}">{cited}</span>'


def _page(page: int) -> str:
    words = gettext("page {page}").format(page=page)
    return f' <span class="page">{plain(words)}</span>'


def _ranked(value: str, rank: int) -> str:
    return f'{figure(value)} <span class="nth">{plain(_ordinal(rank))}</span>'


def _ordinal(rank: int) -> str:
    last = rank % 10 if rank % 100 not in {11, 12, 13} else 0
    endings = {1: gettext("{rank}st"), 2: gettext("{rank}nd"), 3: gettext("{rank}rd")}
    return endings.get(last, gettext("{rank}th")).format(rank=number(rank))


def _meanings(explanation: Explanation) -> str:
    """What the columns mean, for those who cannot point at their heads."""
    asked = ", ".join(dict.fromkeys(explanation.asked)) or gettext("none")
    listed = [
        *_terms(explanation),
        (gettext("1st, 2nd …"), gettext("place among all candidates by that search alone")),
        (gettext("Words searched for"), asked),
    ]
    rows = (
        f"<div><dt>{plain(term)}</dt><dd>{plain(meaning)}</dd></div>" for term, meaning in listed
    )
    return f'<dl class="terms">{"".join(rows)}</dl>'
