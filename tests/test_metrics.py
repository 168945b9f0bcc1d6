"""Every measure against a naive version of its definition, on random inputs."""

import math
import re
from collections.abc import Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rag_app.evaluation.chunks import Range, common, merge
from rag_app.evaluation.metrics import (
    auroc,
    contains,
    exact_match,
    f1,
    mean,
    ndcg,
    normalise,
    percentiles,
    recall,
    reciprocal_rank,
)
from rag_app.evaluation.significance import sign_test, sureness

IDS = st.sampled_from("abcdefgh")
RANKINGS = st.lists(IDS, unique=True)
JUDGEMENTS = st.dictionaries(IDS, st.integers(0, 3))
DEPTHS = st.integers(1, 10)
RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda r: (r[0], sum(r))))
WORDS = st.lists(st.sampled_from(["The", "an", "yard,", "Yard", "opens", "at", "7.30!", ""]))


# Rankings


def naive_gain(gains: Sequence[int]) -> float:
    total = 0.0
    for rank, gain in enumerate(gains, start=1):
        total += gain / math.log(rank + 1, 2)
    return total


@given(RANKINGS, JUDGEMENTS, DEPTHS)
def test_ndcg_is_the_gain_over_the_best_possible_gain(
    ranked: list[str], relevant: dict[str, int], k: int
) -> None:
    got = naive_gain([relevant.get(id_, 0) for id_ in ranked[:k]])
    best = naive_gain(sorted(relevant.values(), reverse=True)[:k])
    assert ndcg(ranked, relevant, k=k) == pytest.approx(got / best if best else 0)


@given(RANKINGS, JUDGEMENTS, DEPTHS)
def test_recall_counts_the_relevant_among_the_first(
    ranked: list[str], relevant: dict[str, int], k: int
) -> None:
    wanted = [id_ for id_ in relevant if relevant[id_]]
    found = [id_ for id_ in wanted if id_ in ranked[:k]]
    assert recall(ranked, relevant, k=k) == (len(found) / len(wanted) if wanted else 0)


@given(RANKINGS, JUDGEMENTS, DEPTHS)
def test_reciprocal_rank_looks_for_the_first_relevant(
    ranked: list[str], relevant: dict[str, int], k: int
) -> None:
    ranks = [n for n in range(1, k + 1) if n <= len(ranked) and relevant.get(ranked[n - 1])]
    assert reciprocal_rank(ranked, relevant, k=k) == (1 / min(ranks) if ranks else 0)


def test_ndcg_of_a_published_example() -> None:
    # Järvelin & Kekäläinen's gains 3, 2, 3, 0, 1, 2 as worked through in textbooks.
    relevant = dict(zip("abcdef", (3, 2, 3, 0, 1, 2), strict=True))
    assert ndcg("abcdef", relevant, k=6) == pytest.approx(0.9608, abs=1e-4)


# Answers


def naive_normalise(text: str) -> str:
    """As in SQuAD's evaluation script: lower, punctuation, articles, white space."""
    text = re.sub(r"[!-/:-@\[-`{-~]", "", text.lower())
    return " ".join(word for word in text.split() if word not in {"a", "an", "the"})


def naive_f1(predicted: str, gold: str) -> float:
    left, right = naive_normalise(predicted).split(), naive_normalise(gold).split()
    if not left or not right:
        return float(left == right)
    rest, same = list(right), 0
    for word in left:
        if word in rest:
            rest.remove(word)
            same += 1
    precision, recalled = same / len(left), same / len(right)
    return 2 * precision * recalled / (precision + recalled) if same else 0.0


@given(WORDS.map(" ".join))
def test_answers_are_normalised_as_squad_does(text: str) -> None:
    assert normalise(text) == naive_normalise(text)


@given(WORDS.map(" ".join), st.lists(WORDS.map(" ".join), min_size=1))
def test_f1_is_the_best_overlap_with_any_gold(predicted: str, golds: list[str]) -> None:
    assert f1(predicted, golds) == pytest.approx(max(naive_f1(predicted, g) for g in golds))


@given(WORDS.map(" ".join), st.lists(WORDS.map(" ".join), min_size=1))
def test_exact_match_asks_for_one_equal_gold(predicted: str, golds: list[str]) -> None:
    equal = naive_normalise(predicted) in map(naive_normalise, golds)
    assert exact_match(predicted, golds) == float(equal)


@pytest.mark.parametrize(
    ("answer", "plain"),
    [("The Yard!", "yard"), ("a  an the", ""), ("theatre", "theatre"), ("£1,200", "£1200")],
)
def test_normalising_spares_words_that_only_begin_like_articles(answer: str, plain: str) -> None:
    assert normalise(answer) == plain


# Text retrieved


def covered(ranges: Sequence[Range]) -> set[int]:
    return {character for start, end in ranges for character in range(start, end)}


@given(RANGES)
def test_merged_ranges_hold_the_same_characters(ranges: list[Range]) -> None:
    assert covered(merge(ranges)) == covered(ranges)


@given(RANGES)
def test_merged_ranges_are_apart_and_ascend(ranges: list[Range]) -> None:
    merged = merge(ranges)
    assert all(end < start for (_, end), (start, _) in pairwise(merged))


@given(RANGES, RANGES)
def test_common_counts_shared_characters(first: list[Range], second: list[Range]) -> None:
    assert common(merge(first), merge(second)) == len(covered(first) & covered(second))


# Abstention


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
def test_auroc_is_the_chance_that_a_positive_scores_higher(rows: list[tuple[int, bool]]) -> None:
    highs = [score for score, positive in rows if positive]
    lows = [score for score, positive in rows if not positive]
    wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(highs, lows)]
    expected = sum(wins) / len(wins) if wins else math.nan
    found = auroc([score for score, _ in rows], [positive for _, positive in rows])
    assert found == pytest.approx(expected, nan_ok=True)


# Summaries


def test_the_mean_of_nothing_is_zero() -> None:
    assert mean([]) == 0


def test_percentiles_are_the_median_and_the_95th() -> None:
    assert percentiles(range(101)) == {"p50": 50, "p95": 95}


def test_percentiles_of_nothing_are_zero() -> None:
    assert percentiles([]) == {"p50": 0, "p95": 0}


# Chance


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_sign_test_is_that_of_scipy(better: int, worse: int) -> None:
    naive = binomtest(better, better + worse).pvalue if better + worse else 1.0
    assert sign_test(better, worse) == pytest.approx(naive)


def test_the_bootstrap_is_sure_of_what_every_question_says() -> None:
    assert sureness([0, 0, 0], [1, 1, 1]) == 1
    assert sureness([1, 1, 1], [0, 0, 0]) == 0
    assert 0.3 < sureness([0, 1] * 20, [1, 0] * 20) < 0.7


# What was said


@pytest.mark.parametrize(
    ("said", "gold", "held"),
    [
        ("It costs £42.", "42", True),
        ("It costs £142.", "42", False),
        ("It costs £1,200 in all", "1200", True),
        ("Open at the weekend", "The Weekend!", True),
        ("Two boats", "two at a time", False),
        ("Anything", "", False),
    ],
)
def test_an_answer_is_held_as_a_whole(said: str, gold: str, held: bool) -> None:
    assert contains(said, [gold]) == held
