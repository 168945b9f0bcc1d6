"""The settings of the library: what each does, what it costs, and where its value is from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.errors import ConfigError, StoreError, without_secrets
from rag_app.models.registry import LocalModel, models_here
from rag_app.opening import embedder_name
from rag_app.providers.language_model import elsewhere, is_served
from rag_app.settings.provenance import Resolved, Settings, change_setting, resolve
from rag_app.settings.settings_files import ENVIRONMENT, own_settings_file
from ui.access import user
from ui.access.permissions import NotAllowed
from ui.components import theme
from ui.components.blocks import NoticeKind, heading_html, notice_html, plain
from ui.components.setting_controls import Control
from ui.components.setting_fields import (
    Field,
    answer_fields,
    finding_fields,
    language_fields,
    speed_fields,
)
from ui.languages.language import gettext
from ui.session import keys, state
from ui.views import model_list

_KIND_OF = {"generator": "language", "reranker": "late interaction"}


def render(settings: Settings, *, workbench: StreamlitPage) -> None:
    """Draw the page; it needs no model and no index, so that it can mend what is wrong."""
    administers = user.rights().administers
    line = gettext("Changes count at once, for everybody who uses this library.")
    only = gettext("They count for everybody, so that only an administrator can change them.")
    st.html(heading_html(gettext("Settings"), line if administers else only))
    embedder = _embedder(settings)
    models = models_here(replace(settings, embedder=embedder))
    notices: dict[str, tuple[str, NoticeKind]] = {"generator": (_writer(settings, models), "note")}
    name, message = state.take_setting_error()
    notices[name] = (message, "error")
    draw = partial(_section, settings.index, resolve(index=settings.index), models, notices)
    draw(gettext("Answers"), answer_fields())
    draw(gettext("Finding passages"), finding_fields())
    # A form that comes and goes in there must not move what is below.
    with st.container(key="models"):
        st.header(gettext("Models on this machine"), anchor=False)
        model_list.render(models, embedder=embedder, workbench=workbench)
    draw(gettext("Speed"), speed_fields())
    draw(gettext("Language"), language_fields())
    st.header(gettext("Appearance"), anchor=False)
    theme.render()
    if administers:
        _elsewhere(settings.index)


def _elsewhere(index: Path) -> None:
    """What is set in another way, and where all of it lies."""
    st.caption(
        gettext(
            "How documents are cut and stored is decided before the first one comes in: "
            "`rag-app config set chunk_tokens 300`, and likewise `context_tokens` and "
            "`vector_store`. `rag-app config` shows every setting."
        )
    )
    lies = gettext("What is set here lies in {path}").format(path=own_settings_file(index))
    st.html(f'<p class="origin">{plain(lies)}</p>')


def _embedder(settings: Settings) -> str:
    """The embedding model of the library; empty where the library is broken."""
    try:
        return embedder_name(settings)
    except StoreError:
        return settings.embedder


def _writer(settings: Settings, models: Iterable[LocalModel]) -> str:
    """What there is to know of the language model before it is asked."""
    if settings.answer == "read":
        return ""
    if is_served(settings.generator, settings.generator_url):
        where = elsewhere(settings.generator, settings.generator_url)
        told = gettext("Questions and the passages found for them are sent to {where}")
        return told.format(where=where) if where else ""
    if any(model.name == settings.generator and model.size for model in models):
        return ""
    if settings.answer == "generate":
        return gettext(
            "The language model is not on this machine; get it below, or answer in another way."
        )
    return gettext("The language model is not on this machine, so answers are quoted until it is.")


def _section(
    index: Path,
    resolved: Mapping[str, Resolved],
    models: Sequence[LocalModel],
    notices: Mapping[str, tuple[str, NoticeKind]],
    title: str,
    fields: Iterable[Field],
) -> None:
    st.header(title, anchor=False)
    for field in fields:
        kind = _KIND_OF.get(field.name)
        names = [model.name for model in models if model.size and model.kind == kind]
        line, of_kind = notices.get(field.name, ("", "note"))
        with st.container(key=f"field-{field.name}"):
            _field(field, resolved[field.name], names, index)
            if line:
                st.html(notice_html(line, kind=of_kind))


def _field(field: Field, resolved: Resolved, models: Sequence[str], index: Path) -> None:
    value, origin = resolved
    administers = user.rights().administers
    key = f"{keys.SETTING}-{field.name}"
    # What is shown is what counts, also after a change that was refused or made elsewhere.
    st.session_state[key] = without_secrets(value) if isinstance(value, str) else value
    fixed = origin == "flag" or origin.startswith(ENVIRONMENT) or not administers
    save = partial(_save, field.name, key, index)
    field.draw(Control(field.label, key, value, models, fixed, save))
    st.caption(field.about)
    if origin == "default" or not administers:
        return
    with st.container(horizontal=True, key=f"origin-{field.name}"):
        st.html(f'<p class="origin">{plain(_origin(origin, index))}</p>')
        if origin == str(own_settings_file(index)):
            st.button(
                gettext("Set back: {setting}").format(setting=field.label),
                icon=":material/undo:",
                type="tertiary",
                key=f"{keys.SET_BACK}-{field.name}",
                on_click=_change,
                args=(field.name, None, index),
            )


def _origin(origin: str, index: Path) -> str:
    """Where a value that is not the default comes from, in a sentence."""
    if origin == "flag":
        return gettext("Fixed by the command that started the app.")
    if origin.startswith(ENVIRONMENT):
        return gettext(
            "Fixed from outside; to choose here, unset the environment variable {variable}"
        ).format(variable=origin)
    if origin == str(own_settings_file(index)):
        return gettext("Set for this library.")
    return gettext("From your settings file {path}").format(path=origin)


def _save(name: str, key: str, index: Path) -> None:
    """Runs before the page is drawn, so that all of it already knows the change."""
    value = st.session_state[key]
    if value is not None:
        _change(name, value.strip() if isinstance(value, str) else value, index)


def _change(name: str, value: object, index: Path) -> None:
    try:
        user.rights().check()  # whatever the browser sends
        change_setting(name, value, index=index)
    except (ConfigError, NotAllowed) as error:
        state.set_setting_error(name, str(error))
