"""The settings that the page offers: what each does and costs, and the control it has.

Figures are those of the README. What is decided before the first document comes in, such as
how texts are cut, has no field: it would need a new index.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rag_app.setting_values import LEAST


@dataclass(frozen=True, slots=True)
class Control:
    """What a control is drawn with; its value is in the session's state already.

    Attributes:
        label: Of the control.
        key: Of its value in the session's state.
        value: Of the setting.
        models: Names of models on this machine that the setting may be.
        disabled: Whether it can only be looked at.
        save: Called when the visitor has changed it.
    """

    label: str
    key: str
    value: Any
    models: Sequence[str]
    disabled: bool
    save: Callable[[], None]

    @property
    def common(self) -> dict[str, Any]:
        """What every control takes."""
        return {"key": self.key, "disabled": self.disabled, "on_change": self.save}


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


def _count(name: str) -> Callable[[Control], None]:
    def draw(control: Control) -> None:
        st.number_input(control.label, min_value=LEAST[name], step=1, **control.common)

    return draw


def _share(control: Control) -> None:
    st.slider(control.label, 0.0, 1.0, step=0.05, **control.common)


def _switch(control: Control) -> None:
    st.toggle(control.label, **control.common)


def _line(placeholder: str) -> Callable[[Control], None]:
    def draw(control: Control) -> None:
        st.text_input(control.label, placeholder=placeholder, **control.common)

    return draw


def _choice(words: Mapping[str, str]) -> Callable[[Control], None]:
    def draw(control: Control) -> None:
        options = dict.fromkeys([*words, control.value])
        st.selectbox(
            control.label,
            [*options],
            format_func=lambda option: words.get(option, option),
            **control.common,
        )

    return draw


def _steps(words: Mapping[float, str]) -> Callable[[Control], None]:
    def draw(control: Control) -> None:
        st.select_slider(
            control.label,
            sorted({*words, control.value}),
            format_func=lambda step: words.get(step, f"{step:g}"),
            **control.common,
        )

    return draw


def _model(none: str = "") -> Callable[[Control], None]:
    """A model of this machine, or any other name; `none` says what it means to have none."""

    def draw(control: Control) -> None:
        options = dict.fromkeys([*([""] if none else []), control.value, *control.models])
        st.selectbox(
            control.label,
            [*options],
            format_func=lambda name: name or none,
            accept_new_options=True,
            **control.common,
        )

    return draw


ANSWERS = (
    Field(
        "answer",
        "How to answer",
        "Quotes are the sentences that answer, word for word; over 51,436 passages they took 0.2 "
        "seconds on two processor cores. A language model writes in its own words, above the same "
        "quotes, and takes more time and memory.",
        _choice(
            {
                "auto": "Write if the model is at hand, else quote",
                "read": "Only quote",
                "generate": "Always write",
            }
        ),
    ),
    Field(
        "generator",
        "Language model",
        "Writes the answers. One of this machine keeps everything here and takes memory; one of a "
        "server elsewhere or of a provider (provider:model) gets to see your questions and the "
        "passages found for them, and may cost money.",
        _model(),
    ),
    Field(
        "generator_url",
        "Address of the language model's server",
        "Where a server has the model and speaks OpenAI's protocol, as those of Ollama, vLLM and "
        "llama.cpp do; empty for a model of this machine. A server elsewhere gets to see your "
        "questions and the passages found for them.",
        _line("http://127.0.0.1:11434/v1"),
    ),
    Field(
        "min_confidence",
        "How sure an answer must be",
        "Below this, the app says that the documents do not answer. More care means fewer wrong "
        "answers and more refusals: at 0.1 it refused 8 % of hard questions that the sample "
        "documents answer, and 40 % of those that they do not.",
        _steps(
            {
                0.0: "0, always answers",
                0.05: "0.05, bold",
                0.1: "0.1, balanced",
                0.2: "0.2, careful",
                0.5: "0.5, very careful",
            }
        ),
    ),
    Field(
        "strict",
        "Leave out what no document supports",
        "Such sentences of a language model are left out instead of underlined. In a test of 500 "
        "cases that would have been 99.8 % of the false sentences, and 0.4 % of the true ones.",
        _switch,
    ),
)
FINDING = (
    Field(
        "k",
        "Passages for an answer",
        "So many are shown and given to a language model, which more of them make slower. Of 20 "
        "questions on financial reports, the first 5 passages held the evidence for 60 %, the "
        "first 10 for 90 %.",
        _count("k"),
    ),
    Field(
        "dense_weight",
        "Weight of the meaning beside the words",
        "At 0 passages are found by their words alone, at 1 by their meaning alone; it takes the "
        "same time. On SciFact the nDCG@10 was 0.686 by words, 0.653 by meaning, and 0.745 by "
        "both at 0.6.",
        _share,
    ),
    Field(
        "diversity",
        "Variety of the passages",
        "How much passages unlike those before them are preferred. It helps where many documents "
        "say the same, and costs accuracy where only one of them answers.",
        _share,
    ),
    Field(
        "reranker",
        "Second look at the best passages",
        "A late-interaction model compares them with the question word by word. Over 1,000 "
        "abstracts of SciFact its nDCG@10 was 0.855, the embedding model's 0.804; it takes seconds "
        "a question where there is no GPU.",
        _model(none="None"),
    ),
)
SPEED = (
    Field(
        "threads",
        "Processor threads",
        "How many the models use; 0 leaves the choice to the libraries. Fewer leave more of the "
        "machine to other programs, and everything here takes longer.",
        _count("threads"),
    ),
    Field(
        "device",
        "What computes the embedding model",
        "A GPU is faster with many documents, and its memory is then taken. The vectors are the "
        "same.",
        _choice(
            {
                "auto": "A GPU where there is one, else the processor",
                "cpu": "The processor",
                "cuda": "A GPU",
            }
        ),
    ),
    Field(
        "embedder_batch",
        "Tokens that the embedding model reads together",
        "0 is what suits its kind. It changes speed and memory, and no vector; `rag-app embed "
        "speed` measures which number is the fastest on this machine.",
        _count("embedder_batch"),
    ),
)
LANGUAGE = (
    Field(
        "language",
        "Language of these pages",
        "Automatic is that of your browser. Documents and answers stay in their own, and it costs "
        "nothing.",
        _choice({"auto": "Automatic", "en": "English", "de": "Deutsch"}),
    ),
)
