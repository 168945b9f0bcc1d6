"""What the figures, faults and verdicts of an evaluation are called, in the visitor's language.

Most of them the library has too, in English, for the command line.
"""

from rag_app.evaluation.question_report import Name
from rag_app.evaluation.question_runner import Miss
from rag_app.evaluation.report_text import Verdict
from ui.languages.language import gettext


def measures() -> dict[Name, str]:
    """What each figure is called."""
    return {
        "right": gettext("Right answers, and refusals where nothing answers"),
        "contains_gold": gettext("The answer holds what was expected"),
        "recall": gettext("All right documents are among the hits"),
        "passage_recall": gettext("All right passages are among the hits"),
        "mrr": gettext("Mean reciprocal rank of a right document"),
        "refused_unanswerable": gettext("Refused where the documents do not answer"),
        "false_refusals": gettext("Refused although the documents answer"),
        "repeated_wrong": gettext("Said again what was judged wrong"),
    }


def quantiles() -> dict[str, str]:
    """What the times to an answer are called."""
    return {
        "p50": gettext("Seconds to an answer, median"),
        "p95": gettext("Seconds of the slowest 5 %"),
    }


def misses() -> dict[Miss, str]:
    """What can be wrong with a question."""
    return {
        "not found": gettext("The right document is not among the hits"),
        "not quoted": gettext("The answer does not hold what was expected"),
        "refused": gettext("Refused, although the documents answer"),
        "answered": gettext("Answered, although the documents do not"),
        "repeated": gettext("Said again what was judged wrong"),
    }


def verdicts() -> dict[Verdict, str]:
    """Whether a difference is more than chance."""
    return {
        "no difference": gettext("no difference"),
        "more than chance": gettext("more than chance"),
        "may be chance": gettext("may be chance"),
    }
