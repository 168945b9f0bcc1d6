"""HTML of why a question found what it found."""

from collections.abc import Mapping

from rag_app.explain import Explained, Explanation
from ui.components import file_name, plain

# Heads of columns that need a word, each with that word.
_TERMS = {
    "Score": "both searches together, 0 to 1",
    "Cosine": "how near in meaning, −1 to 1",
    "BM25": "how many of the question's words it has; rare ones count more",
    "Name": "added because the question names the file",
}
_RERANK = {"Rerank": "how well its words match the question's, one by one, 0 to 1"}
_NONE = "–"


def explanation_html(explanation: Explanation, cited: Mapping[str, int]) -> str:
    """A table of the candidates, best first.

    Args:
        explanation: Of the question.
        cited: The number that the answer gave to a chunk that it quotes, by its id.
    """
    if not explanation.candidates:
        return '<p class="remark">There was nothing to compare.</p>'
    rows = "".join(
        _row(row, cited.get(row.chunk_id), reranked=explanation.reranked)
        for row in explanation.candidates
    )
    return (
        '<div class="candidates" role="region" aria-label="Candidates" tabindex="0"><table>'
        f'<thead><tr><th scope="col" class="figure">Rank</th><th scope="col">Passage</th>'
        f"{_head('Score')}{_head('Cosine')}{_head('BM25')}"
        f'<th scope="col">Words in common</th>{_head("Name")}'
        f"{_head('Rerank') if explanation.reranked else ''}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{_terms(explanation)}"
    )


def verdict_html(verdict: str) -> str:
    """Why a document is there, or is not."""
    return f'<p class="verdict" role="status">{plain(verdict)}</p>'


def _head(term: str) -> str:
    meaning = plain((_TERMS | _RERANK)[term])
    return f'<th scope="col" class="figure"><abbr title="{meaning}">{term}</abbr></th>'


def _row(row: Explained, number: int | None, *, reranked: bool) -> str:
    source = f' <span class="number" title="Source {number}">{number}</span>' if number else ""
    page = f' <span class="page">page {row.page}</span>' if row.page else ""
    bm25 = _ranked(f"{row.lexical:.1f}", row.lexical_rank) if row.lexical_rank else _NONE
    judged = _NONE if row.rerank is None else f"{row.rerank:.2f}"
    last = f'<td class="figure">{judged}</td>' if reranked else ""
    return (
        f'<tr><td class="figure">{row.rank}</td>'
        f'<th scope="row"><span class="name" title="{plain(row.source)}">'
        f"{plain(file_name(row.source))}</span>{page}{source}</th>"
        f'<td class="figure">{row.score:.2f}</td>'
        f'<td class="figure">{_ranked(f"{row.dense:.2f}", row.dense_rank)}</td>'
        f'<td class="figure">{bm25}</td>'
        f"<td>{plain(', '.join(row.matched)) or _NONE}</td>"
        f'<td class="figure">{f"+{row.named:.2f}" if row.named else _NONE}</td>'
        f"{last}</tr>"
    )


def _ranked(value: str, rank: int) -> str:
    return f'{value} <span class="nth">{_ordinal(rank)}</span>'


def _ordinal(number: int) -> str:
    teens = number % 100 in {11, 12, 13}
    ending = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


def _terms(explanation: Explanation) -> str:
    """What the columns mean, for those who cannot point at their heads."""
    asked = ", ".join(dict.fromkeys(explanation.asked)) or "none"
    terms = _TERMS | (_RERANK if explanation.reranked else {})
    listed = "".join(
        f"<div><dt>{term}</dt><dd>{plain(meaning)}</dd></div>" for term, meaning in terms.items()
    )
    return (
        f'<dl class="terms">{listed}<div><dt>1st, 2nd …</dt>'
        "<dd>place among all candidates by that search alone</dd></div>"
        f"<div><dt>Words searched for</dt><dd>{plain(asked)}</dd></div></dl>"
    )
