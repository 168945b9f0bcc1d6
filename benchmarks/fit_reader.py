"""Fits how the reader weighs its signals and how sure it is, and shows how both hold up.

    python -m benchmarks.fit_reader DATA [--questions N]

DATA holds `train/squad_13_articles.jsonl.gz` and `squad2/dev-half.json`. Three sets of
questions are read: those on paragraphs of the articles that the
network was not trained on, with their paragraph in the index and with its hits left out;
those on the sample documents; and those of the first half of the file's articles, of which
half have no answer. The second half is only reported. Prints the constants of
`rag_app/reading/reader.py`.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.answerer import READ, passage_of
from rag_app.evaluation.answers import Question, load_questions
from rag_app.evaluation.metrics import auroc, expected_calibration_error
from rag_app.evaluation.temporary_index import evaluation_document, open_temporary_index
from rag_app.reading.reader import SIGNALS, WEIGHTS, Judgement, Scores
from rag_app.retrieval.query_rewriting import rewrite_query
from rag_app.training.reading_data import held_out

SAMPLES = Path(__file__).parent.parent / "data"
HARDEST = "squad2, first half"
SHARES = {"articles": 1.0, "samples": 0.5, HARDEST: 2.0}
Gold = tuple[str, int, int]  # source, start, end


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's judgement, which of its n sentences answer, and whether any document does."""

    judgement: Judgement
    right: Scores
    answerable: bool


def of_articles(folder: Path, questions: int) -> Iterator[Judged]:
    """Questions on Wikipedia, with and without their paragraph."""
    rows, paragraphs = held_out(folder)
    names = {text: f"p{number}" for number, text in enumerate(paragraphs)}
    documents = [evaluation_document(name, text) for text, name in names.items()]
    rag, _ = open_temporary_index(documents, Settings(answer="read"))
    for row in random.Random(5).sample(rows, min(questions, len(rows))):
        gold = [(names[row["context"]], row["start"], row["end"])]
        yield from judge(rag, row["question"], gold)
        yield from judge(rag, row["question"], [], without=gold[0][0])
    rag.close()


def of_samples() -> Iterator[Judged]:
    """The questions on the sample documents."""
    with tempfile.TemporaryDirectory() as folder:
        rag = Rag.open(settings=Settings(index=Path(folder), answer="read"))
        sync([SAMPLES / "samples"], rag.index, embedder=rag.embedder)
        lines = (SAMPLES / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        for row in map(json.loads, lines):
            gold = [
                (str(SAMPLES / "samples" / g["source"]), g["start"], g["end"]) for g in row["gold"]
            ]
            yield from judge(rag, rewrite_query(row["question"], row["history"]), gold[:1])
        rag.close()


def of_squad2(file: Path, questions: int) -> tuple[list[Judged], list[Judged]]:
    """Questions of the first half of its articles, and of the second."""
    asked = load_questions(file)
    rag, _ = open_temporary_index(
        list({q.paragraph.id: q.paragraph for q in asked}.values()), Settings()
    )
    articles = list(dict.fromkeys(map(article_of, asked)))
    first = set(articles[: len(articles) // 2])
    halves = []
    for wanted in (True, False):
        own = [q for q in asked if (article_of(q) in first) is wanted]
        chosen = random.Random(4).sample(own, min(2 * questions, len(own)))
        halves.append([judged for q in chosen for judged in judge(rag, q.text, golds_of(q))])
    rag.close()
    return halves[0], halves[1]


def article_of(question: Question) -> str:
    """The article that the question's paragraph stands in."""
    return question.paragraph.source.rpartition("/")[0]


def golds_of(question: Question) -> list[Gold]:
    """Where its answers stand."""
    pairs = zip(question.starts, question.golds, strict=True)
    return [(question.paragraph.source, start, start + len(gold)) for start, gold in pairs]


def judge(rag: Rag, question: str, gold: Sequence[Gold], *, without: str = "") -> Iterator[Judged]:
    """One judgement, of the hits that an answer is read from."""
    found = rag.retriever.search(question, k=READ + 4)
    hits = [hit for hit in found if hit.chunk.source != without][:READ]
    judgement = rag.reader.judge(question, [passage_of(hit) for hit in hits])  # type: ignore[attr-defined]
    if not judgement.found:
        return
    right = []
    for candidate in judgement.found:
        chunk = hits[candidate.passage].chunk
        start, end = chunk.start + candidate.start, chunk.start + candidate.end
        # The gold of the samples is a quote, that of the articles an answer inside a sentence.
        right.append(any(s == chunk.source and a < end and start < b for s, a, b in gold))
    yield Judged(judgement, np.array(right, float), bool(gold))


def fit_weights(sets: Sequence[Sequence[Judged]]) -> LogisticRegression:
    """Which sentence answers; each set counts the same, and in it each question."""
    answerable = [[j for j in judged if j.answerable] for judged in sets]
    shares = [
        np.full(len(j.right), 1 / len(judged) / len(j.right))
        for judged in answerable
        for j in judged
    ]
    every = [j for judged in answerable for j in judged]
    weight = np.concatenate(shares) * sum(len(j.right) for j in every) / len(sets)
    return LogisticRegression(C=10.0, max_iter=1000).fit(
        np.concatenate([j.judgement.signals for j in every]),
        np.concatenate([j.right for j in every]),
        sample_weight=weight,
    )


def show_ranking(name: str, judged: Sequence[Judged], weights: Scores) -> None:
    """How often the first sentences have the right one among them."""
    ranked = [j.right[np.argsort(-(j.judgement.signals @ weights))] for j in judged if j.answerable]
    shares = [f"{np.mean([right[:depth].any() for right in ranked]):.3f}" for depth in (1, 2, 3)]
    print(f"{name:28} right among the first 1, 2, 3: {', '.join(shares)}")


def show_certainty(name: str, chances: Scores, labels: Scores) -> None:
    """How well it tells, and how true its chances are."""
    error = expected_calibration_error(chances, labels)
    print(f"{name}: AUROC {auroc(chances, labels):.3f}, calibration error {error:.3f}")
    for bound in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        refused = chances < bound
        false, true = refused[labels].mean(), refused[~labels].mean()
        print(f"  below {bound}: {false:.0%} of the answerable, {true:.0%} of the others")


def features(judged: Sequence[Judged]) -> tuple[Scores, Scores]:
    """(n, d) what certainty is fitted on, and (n,) whether each is answerable."""
    return (
        np.array([j.judgement.certainty for j in judged]),
        np.array([j.answerable for j in judged]),
    )


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=150)
    arguments = parser.parse_args()
    first, second = of_squad2(arguments.data / "squad2" / "dev-half.json", arguments.questions)
    sets: Mapping[str, list[Judged]] = {
        "articles": list(of_articles(arguments.data / "train", arguments.questions)),
        "samples": list(of_samples()),
        HARDEST: first,
    }
    fitted = fit_weights(list(sets.values()))
    print(f"fitted: {dict(zip(SIGNALS, fitted.coef_[0].round(2), strict=True))}")
    for name, judged in {**sets, "squad2, second half": second}.items():
        show_ranking(f"{name}, WEIGHTS", judged, WEIGHTS)
        show_ranking(f"{name}, fitted", judged, fitted.coef_[0])
    fit_certainty(sets, second)


def fit_certainty(sets: Mapping[str, Sequence[Judged]], unseen: Sequence[Judged]) -> None:
    """Print the constants, and how they do on what they were not fitted on."""
    weighed, bias = weigh(sets)
    # People ask more of their own documents than what these answer, and of less malice; but
    # to promise no more than holds for the hardest questions is to err on the right side.
    signals, labels = features(sets[HARDEST])
    line = LogisticRegression(C=10.0).fit((signals @ weighed + bias)[:, None], labels)
    scale, shift = float(line.coef_[0, 0]), float(line.intercept_[0])
    weighed, bias = scale * weighed, scale * bias + shift
    listed = ", ".join(f"{weight:.3f}" for weight in weighed)
    print(f"CERTAINTY, CERTAINTY_BIAS = np.array([{listed}]), {bias:.3f}")
    for name, judged in {**sets, "squad2, second half": unseen}.items():
        signals, labels = features(judged)
        show_certainty(name, 1 / (1 + np.exp(-(signals @ weighed + bias))), labels)


def weigh(sets: Mapping[str, Sequence[Judged]]) -> tuple[Scores, float]:
    """Weights and bias of a logistic regression over all sets by their shares."""
    parts = [features(judged) for judged in sets.values()]
    signals, labels = (np.concatenate(each) for each in zip(*parts, strict=True))
    share = np.concatenate([np.full(len(j), SHARES[name] / len(j)) for name, j in sets.items()])
    centre, spread = signals.mean(axis=0), signals.std(axis=0)
    model = LogisticRegression(max_iter=1000).fit(
        (signals - centre) / spread, labels, sample_weight=share * len(labels) / share.sum()
    )
    weights: Scores = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ centre)


if __name__ == "__main__":
    main()
