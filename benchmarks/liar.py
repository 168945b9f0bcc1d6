"""A writer that lies, and what of it is found out.

    python -m benchmarks.liar ../shared/data/squad2/dev-half.json [--cases 500]

Each case has five paragraphs as evidence and a written answer of two sentences: a true one,
as it stands in the first paragraph or in slightly other words, and a false one: a true one
with one number, name or negation changed, or a sentence of another article. Counted are the
true ones that keep a citation of their own sentence, and the false ones that get none.
"""

import argparse
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from rag_app.generation.citations import cite
from rag_app.schema import Chunk, Hit, Signals, identify
from rag_app.text.sentences import sentence_spans

EVIDENCE = 5
EXACT = "citations, exact"
Change = Callable[[str, random.Random, Sequence[str]], str | None]
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})*")
_VERB = re.compile(r"\b(is|are|was|were|has|had|can|could|will|would|did|does)\b(?! not)")
_NOT = re.compile(r" (?:not|never)\b")
_FRONT = re.compile(r"^((?:In|During|After|Before|By|At|On) [^,.]{3,40}), (\w)(.*)([.!?])$", re.S)


def paragraphs(path: Path) -> list[str]:
    """The texts of a file in SQuAD's layout, or of JSON lines with a context each."""
    if path.suffix == ".json":
        articles = json.loads(path.read_text())["data"]
        found = [part["context"] for article in articles for part in article["paragraphs"]]
    else:
        with gzip.open(path, "rt") as lines:
            found = [json.loads(line)["context"] for line in lines]
    return list(dict.fromkeys(found))


def sentences(text: str) -> list[str]:
    """Those long enough to be told apart."""
    found = (text[start:end] for start, end in sentence_spans(text))
    return [sentence for sentence in found if 40 <= len(sentence) <= 300 and "\n" not in sentence]


def as_it_stands(sentence: str, *_: object) -> str:
    return sentence


def front_moved(sentence: str, *_: object) -> str | None:
    """ "In 1990, he left." as "He left in 1990." """
    if not (match := _FRONT.match(sentence)):
        return None
    front, first, rest, end = match.groups()
    return f"{first.upper()}{rest} {front[0].lower()}{front[1:]}{end}"


def without_brackets(sentence: str, *_: object) -> str | None:
    shorter = re.sub(r" \([^)]*\)", "", sentence)
    return shorter if shorter != sentence else None


def introduced(sentence: str, *_: object) -> str:
    return f"According to the documents, {sentence}"


def another_number(sentence: str, draw: random.Random, _: Sequence[str]) -> str | None:
    figures = list(re.finditer(r"(?<![\d.,])\d{1,4}(?![\d.,]*\d)", sentence))
    if not figures:
        return None
    figure = draw.choice(figures)
    other = str(int(figure[0]) + draw.choice((-3, -2, -1, 1, 2, 3, 10)))
    return sentence[: figure.start()] + other.lstrip("-") + sentence[figure.end() :]


def another_name(sentence: str, draw: random.Random, names: Sequence[str]) -> str | None:
    found = list(_NAME.finditer(sentence))
    others = [name for name in names if name not in sentence]
    if not found or not others:
        return None
    match = draw.choice(found)
    return sentence[: match.start()] + draw.choice(others) + sentence[match.end() :]


def negated(sentence: str, draw: random.Random, _: Sequence[str]) -> str | None:
    if _NOT.search(sentence):
        return _NOT.sub("", sentence, count=1)
    verbs = list(_VERB.finditer(sentence))
    if not verbs:
        return None
    verb = draw.choice(verbs)
    return f"{sentence[: verb.end()]} not{sentence[verb.end() :]}"


TRUE: tuple[Change, ...] = (as_it_stands, front_moved, without_brackets, introduced)
FALSE: tuple[Change, ...] = (another_number, another_name, negated)


def as_hit(text: str, rank: int) -> Hit:
    """A paragraph as evidence."""
    source = identify(text)
    chunk = Chunk(source, source, source, text, 0, len(text), None, "", len(text) // 5)
    return Hit(chunk, 1 / rank, rank, Signals())


def measure(texts: Sequence[str], cases: int) -> tuple[Counter[str], Counter[str]]:
    """(seen, right) by the kind of sentence."""
    draw = random.Random(0)
    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    usable = [text for text in texts if len(sentences(text)) >= 2]
    for number in range(cases):
        evidence = draw.sample(usable, EVIDENCE)
        hits = [as_hit(text, rank) for rank, text in enumerate(evidence, start=1)]
        honest, changed = draw.sample(sentences(evidence[0]), 2)
        kind, told = changed_by(draw.sample(TRUE, len(TRUE)), honest, draw, (), number)
        names = sorted({name for text in draw.sample(texts, 20) for name in _NAME.findall(text)})
        if number % 4 == 3:
            lie, lied = "invented", draw.choice(sentences(draw.choice(usable)))
            while any(lied in text for text in evidence):
                lied = draw.choice(sentences(draw.choice(usable)))
        else:
            lie, lied = changed_by(FALSE, changed, draw, names, number)
        for name, sentence, of in ((kind, told, honest), (lie, lied, "")):
            cited = cite(sentence, hits).citations
            texts_of = {hit.chunk.source: hit.chunk.text for hit in hits}
            for citation in cited:
                seen[EXACT] += 1
                right[EXACT] += texts_of[citation.source][citation.start : citation.end] == (
                    citation.quote
                )
            found = [citation.quote for citation in cited]
            good = not found if not of else bool(found) and all(q == of for q in found)
            seen[name] += 1
            right[name] += good
    return seen, right


def changed_by(
    changes: Sequence[Change], sentence: str, draw: random.Random, names: Sequence[str], turn: int
) -> tuple[str, str]:
    """The sentence by the change whose turn it is, or by the next one that it allows."""
    for n in range(len(changes)):
        change = changes[(turn + n) % len(changes)]
        if made := change(sentence, draw, names):
            return change.__name__, made
    return "invented", "The committee decided otherwise at its meeting in Zanzibar."


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cases", type=int, default=500)
    arguments = parser.parse_args()
    seen, right = measure(paragraphs(arguments.data), arguments.cases)
    print(f"{EXACT:20}{seen[EXACT]:6}{right.pop(EXACT) / seen.pop(EXACT):8.1%}\n")
    true = {change.__name__ for change in TRUE}
    for title, names in (("true, cited rightly", true), ("false, not cited", seen.keys() - true)):
        for name in sorted(names & seen.keys()):
            print(f"{name:20}{seen[name]:6}{right[name] / seen[name]:8.1%}")
        total = sum(seen[name] for name in names)
        print(f"{title:20}{total:6}{sum(right[name] for name in names) / total:8.1%}\n")


if __name__ == "__main__":
    main()
