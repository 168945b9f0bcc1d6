"""The controls that the settings page draws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rag_app.settings.values import LEAST
from ui.languages.language import figure


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


def count(name: str) -> Callable[[Control], None]:
    """A number that is whole, and not below what the setting may be."""

    def draw(control: Control) -> None:
        st.number_input(control.label, min_value=LEAST[name], step=1, **control.common)

    return draw


def share(control: Control) -> None:
    """A share of 0…1."""
    st.slider(control.label, 0.0, 1.0, step=0.05, **control.common)


def switch(control: Control) -> None:
    """On or off."""
    st.toggle(control.label, **control.common)


def line(placeholder: str) -> Callable[[Control], None]:
    """One line of text; `placeholder` shows what such a line looks like."""

    def draw(control: Control) -> None:
        st.text_input(control.label, placeholder=placeholder, **control.common)

    return draw


def choice(words: Mapping[str, str]) -> Callable[[Control], None]:
    """One of some values, each shown in words."""

    def draw(control: Control) -> None:
        options = dict.fromkeys([*words, control.value])
        st.selectbox(
            control.label,
            [*options],
            format_func=lambda option: words.get(option, option),
            **control.common,
        )

    return draw


def steps(words: Mapping[float, str]) -> Callable[[Control], None]:
    """One of some numbers in their order, each shown in words."""

    def draw(control: Control) -> None:
        st.select_slider(
            control.label,
            sorted({*words, control.value}),
            format_func=lambda step: words.get(step, figure(f"{step:g}")),
            **control.common,
        )

    return draw


def model(none: str = "") -> Callable[[Control], None]:
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
