"""Fits the reader's confidence, and shows how its weights rank.

    python -m benchmarks.fit_reader FOLDER [--questions N]

FOLDER holds `squad_13_articles.jsonl.gz`. Its questions on paragraphs that the reranker was
not trained on are read twice: with their paragraph in the index, and with the hits of that
paragraph left out. The questions on the sample documents are read once. Both sets count
the same. Prints the constants of `rag_app/models/reader.py`.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ingest.sync import sync
from rag_app import Rag, Settings
from rag_app.answerer import READ, passage_of
from rag_app.evaluation.throwaway import evaluation_document, open_throwaway
from rag_app.followup import standalone
from rag_app.models.reader import SIGNALS, WEIGHTS, Scores, certainty
from rag_app.workbench.sentence_bank import held_out

DATA = Path(__file__).parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's (n, 6) signals, which of the n sentences answer, and its certainty."""

    signals: Scores
    right: Scores
    certainty: Scores
    answerable: bool


def of_articles(folder: Path, questions: int) -> Iterator[Judged]:
    """Questions on Wikipedia, with and without their paragraph."""
    rows, paragraphs = held_out(folder)
    names = {text: f"p{number}" for number, text in enumerate(paragraphs)}
    documents = [evaluation_document(name, text) for text, name in names.items()]
    rag, _ = open_throwaway(documents, Settings(answer="read"))
    for row in random.Random(5).sample(rows, min(questions, len(rows))):
        gold = [(names[row["context"]], row["start"], row["end"])]
        yield from judge(rag, row["question"], gold)
        yield from judge(rag, row["question"], [], without=gold[0][0])
    rag.close()


def of_samples() -> Iterator[Judged]:
    """The questions on the sample documents."""
    with tempfile.TemporaryDirectory() as folder:
        rag = Rag.open(settings=Settings(index=Path(folder), answer="read"))
        sync([DATA / "samples"], rag.index, embedder=rag.embedder)
        for line in (DATA / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            gold = [
                (str(DATA / "samples" / g["source"]), g["start"], g["end"]) for g in row["gold"]
            ]
            yield from judge(rag, standalone(row["question"], row["history"]), gold[:1])
        rag.close()


def judge(
    rag: Rag, question: str, gold: Sequence[tuple[str, int, int]], *, without: str = ""
) -> Iterator[Judged]:
    """One judgement; `gold` holds (source, start, end)."""
    found = rag.retriever.search(question, k=READ + 4)
    hits = [hit for hit in found if hit.chunk.source != without][:READ]
    passages = [passage_of(hit) for hit in hits]
    candidates, signals = rag.reader.judge(question, passages)  # type: ignore[attr-defined]
    if not candidates:
        return
    right = []
    for candidate in candidates:
        chunk = hits[candidate.passage].chunk
        start, end = chunk.start + candidate.start, chunk.start + candidate.end
        # The gold of the samples is a quote, that of the articles an answer inside a sentence.
        right.append(any(s == chunk.source and a < end and start < b for s, a, b in gold))
    yield Judged(signals, np.array(right, float), certainty(signals), bool(gold))


def show_ranking(name: str, judged: Sequence[Judged], weights: Scores) -> None:
    """How often the first sentences have the right one among them."""
    ranked = [j.right[np.argsort(-(j.signals @ weights))] for j in judged if j.answerable]
    shares = [f"{np.mean([right[:depth].any() for right in ranked]):.3f}" for depth in (1, 2, 3)]
    print(f"{name:24} right among the first 1, 2, 3: {', '.join(shares)}")


def auroc(chances: Any, labels: Any) -> float:
    """Chance that an answerable question is surer than an unanswerable one."""
    return float((chances[labels][:, None] > chances[~labels]).mean())


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--questions", type=int, default=120)
    arguments = parser.parse_args()
    articles = list(of_articles(arguments.folder, arguments.questions))
    samples = list(of_samples())
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(
        np.concatenate([j.signals for j in articles if j.answerable]),
        np.concatenate([j.right for j in articles if j.answerable]),
    )
    print(f"fitted on articles: {dict(zip(SIGNALS, fitted.coef_[0].round(2), strict=True))}")
    for name, judged in (("articles", articles), ("samples", samples)):
        show_ranking(f"{name}, WEIGHTS", judged, WEIGHTS)
        show_ranking(f"{name}, fitted", judged, fitted.coef_[0])
    both = [*articles, *samples]
    features = np.array([j.certainty for j in both])
    labels = np.array([j.answerable for j in both])
    # Each set, and in it the answerable and the others, counts the same.
    group = 2 * np.repeat([0, 1], [len(articles), len(samples)]) + labels
    share = 1 / (4 * np.bincount(group)[group])
    model = LogisticRegression(C=10.0, max_iter=1000)
    weights = {"sample_weight": share * len(both)}
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    chances = cross_val_predict(
        model, features, labels, cv=folds, method="predict_proba", params=weights
    )[:, 1]
    model.fit(features, labels, **weights)
    listed = ", ".join(f"{weight:.2f}" for weight in model.coef_[0])
    print(f"CERTAINTY, CERTAINTY_BIAS = np.array([{listed}]), {model.intercept_[0]:.2f}")
    for name, part in (("articles", slice(len(articles))), ("samples", slice(len(articles), None))):
        print(f"{name}: AUROC {auroc(chances[part], labels[part]):.3f}, five-fold")
        for bound in (0.2, 0.25, 0.3, 0.35, 0.4, 0.5):
            refused = chances[part] < bound
            false, true = refused[labels[part]].mean(), refused[~labels[part]].mean()
            print(f"  below {bound}: {false:.0%} of the answerable, {true:.0%} of the others")


if __name__ == "__main__":
    main()
