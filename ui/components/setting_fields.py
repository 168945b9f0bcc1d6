"""The settings that the page offers: what each does and costs, and the control it has.

Figures are those of `docs/measurements.md`. What is decided before the first document comes in,
such as how texts are cut, has no field: it would need a new index.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ui.components.setting_controls import Control, choice, count, line, model, share, steps, switch
from ui.languages.language import AUTOMATIC, gettext, languages


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as the page shows it.

    Attributes:
        name: Of the setting.
        label: For people.
        about: What it does, and what that costs.
        draw: Draws its control.
    """

    name: str
    label: str
    about: str
    draw: Callable[[Control], None]


def answer_fields() -> tuple[Field, ...]:
    """How answers come about."""
    return (*_writing_fields(), *_care_fields())


def _writing_fields() -> tuple[Field, ...]:
    return (
        Field(
            "answer",
            gettext("How to answer"),
            gettext(
                "Quotes are the sentences that answer, word for word; over 50,000 passages they "
                "took 0.2 to 1.4 seconds on two processor cores. A language model writes in its "
                "own words, above the same quotes, and takes more time and memory."
            ),
            choice(
                {
                    "auto": gettext("Write if the model is at hand, else quote"),
                    "read": gettext("Only quote"),
                    "generate": gettext("Always write"),
                }
            ),
        ),
        Field(
            "generator",
            gettext("Language model"),
            gettext(
                "Writes the answers. One of this machine keeps everything here and takes memory; "
                "one of a server elsewhere or of a provider (provider:model) gets to see your "
                "questions and the passages found for them, and may cost money."
            ),
            model(),
        ),
        Field(
            "generator_url",
            gettext("Address of the language model's server"),
            gettext(
                "Where a server has the model and speaks OpenAI's protocol, as those of Ollama, "
                "vLLM and llama.cpp do; empty for a model of this machine. A server elsewhere gets "
                "to see your questions and the passages found for them."
            ),
            line("http://127.0.0.1:11434/v1"),
        ),
    )


def _care_fields() -> tuple[Field, ...]:
    return (
        Field(
            "min_confidence",
            gettext("How sure an answer must be"),
            gettext(
                "Below this, the app says that the documents do not answer. More care means fewer "
                "wrong answers and more refusals: at 0.1 it refused 8 % of hard questions that the "
                "sample documents answer, and 40 % of those that they do not."
            ),
            steps(
                {
                    0.0: gettext("0, always answers"),
                    0.05: gettext("0.05, bold"),
                    0.1: gettext("0.1, balanced"),
                    0.2: gettext("0.2, careful"),
                    0.5: gettext("0.5, very careful"),
                }
            ),
        ),
        Field(
            "strict",
            gettext("Leave out what no document supports"),
            gettext(
                "Such sentences of a language model are left out instead of underlined. In a test "
                "of 500 cases that would have been 99.8 % of the false sentences, and 0.4 % of the "
                "true ones."
            ),
            switch,
        ),
    )


def finding_fields() -> tuple[Field, ...]:
    """How passages are found."""
    return (
        Field(
            "k",
            gettext("Passages for an answer"),
            gettext(
                "So many are shown and given to a language model, which more of them make slower. "
                "Of 20 questions on financial reports, the first 5 passages held the evidence for "
                "60 %, the first 10 for 90 %."
            ),
            count("k"),
        ),
        Field(
            "dense_weight",
            gettext("Weight of the meaning beside the words"),
            gettext(
                "At 0 passages are found by their words alone, at 1 by their meaning alone; it "
                "takes the same time. On SciFact the nDCG@10 was 0.686 by words, 0.653 by meaning, "
                "and 0.745 by both at 0.6."
            ),
            share,
        ),
        Field(
            "diversity",
            gettext("Variety of the passages"),
            gettext(
                "How much passages unlike those before them are preferred. It helps where many "
                "documents say the same, and costs accuracy where only one of them answers."
            ),
            share,
        ),
        Field(
            "reranker",
            gettext("Second look at the best passages"),
            gettext(
                "A late-interaction model compares them with the question word by word. Over 1,000 "
                "abstracts of SciFact its nDCG@10 was 0.855, the embedding model's 0.804; it takes "
                "seconds a question where there is no GPU."
            ),
            model(none=gettext("None")),
        ),
    )


def speed_fields() -> tuple[Field, ...]:
    """What computes, and how fast."""
    return (
        Field(
            "threads",
            gettext("Processor threads"),
            gettext(
                "How many the models use; 0 leaves the choice to the libraries. Fewer leave more "
                "of the machine to other programs, and everything here takes longer."
            ),
            count("threads"),
        ),
        Field(
            "device",
            gettext("What computes the embedding model"),
            gettext(
                "A GPU is faster with many documents, and its memory is then taken. The vectors "
                "are the same."
            ),
            choice(
                {
                    "auto": gettext("A GPU where there is one, else the processor"),
                    "cpu": gettext("The processor"),
                    "cuda": gettext("A GPU"),
                }
            ),
        ),
        Field(
            "embedder_batch",
            gettext("Tokens that the embedding model reads together"),
            gettext(
                "0 is what suits its kind. It changes speed and memory, and no vector; `rag-app "
                "embed speed` measures which number is the fastest on this machine."
            ),
            count("embedder_batch"),
        ),
    )


def language_fields() -> tuple[Field, ...]:
    """What the pages speak."""
    return (
        Field(
            "language",
            gettext("Language of these pages"),
            gettext(
                "Automatic is that of your browser. Documents and answers stay in their own, and "
                "it costs nothing."
            ),
            choice({AUTOMATIC: gettext("Automatic"), **languages()}),
        ),
    )
