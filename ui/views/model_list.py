"""The models on this machine, and getting another from a hub."""

from collections.abc import Iterable

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.models.modules import Kind
from rag_app.models.registry import LocalModel
from ui.access import user
from ui.components.blocks import notice_html, plain
from ui.components.embeddings import figures_html
from ui.jobs.model_pull import ModelPull
from ui.languages.language import figure, gettext
from ui.resources import shared
from ui.session import keys

_REFRESH_SECONDS = 0.5


def render(models: Iterable[LocalModel], *, embedder: str, workbench: StreamlitPage) -> None:
    """Draw the list, and the form or the run.

    Args:
        models: Those that are here, and others, which are left out.
        embedder: The embedding model of the library.
        workbench: The page that compares models.
    """
    words = kinds()
    rows = [(m.name, words[m.kind], f"{_megabytes(m.size)} MB") for m in models if m.size]
    heading = (gettext("Model"), gettext("Kind"), gettext("Size"))
    st.html(figures_html(heading, rows, of_words=True))
    made_by = gettext("The vectors of this library are made by {model}").format(model=embedder)
    st.html(f'<p class="origin">{plain(made_by)}</p>')
    if not user.rights().administers:
        st.caption(gettext("Only an administrator can get models, or have another one used."))
        return
    st.caption(
        gettext(
            "Another embedding model has to embed every passage once more. The Workbench compares "
            "models on your documents; `rag-app embed adopt MODEL` then gives this library the "
            "one you choose."
        )
    )
    st.page_link(workbench, label=gettext("Open the Workbench"), icon=":material/square_foot:")
    pulling = shared.pulling()
    running = pulling.running
    # Looks again by itself only while there is something to see.
    st.fragment(_follow, run_every=_REFRESH_SECONDS if running else None)(pulling, running)
    if not running:
        _form(pulling)


def kinds() -> dict[Kind, str]:
    """What each kind of model is called."""
    return {
        "language": gettext("language model"),
        "embedding": gettext("embedding model"),
        "late interaction": gettext("late-interaction model"),
        "other": gettext("another kind"),
    }


def _form(pulling: ModelPull) -> None:
    with st.form("pull", border=False, clear_on_submit=True):
        name = st.text_input(
            gettext("Get a model from the hub"),
            placeholder="Qwen/Qwen2.5-1.5B-Instruct",
            key=keys.PULL,
        )
        st.caption(
            gettext(
                "This is the only thing here that asks a model hub on the network: "
                "huggingface.co, or what HF_ENDPOINT names. It learns which model you want, and "
                "nothing of your documents. Weights are taken as safetensors alone, and never "
                "code; a language model takes gigabytes of disk."
            )
        )
        if st.form_submit_button(gettext("Get the model")) and name.strip():
            pulling.start(name.strip())  # or see what another visitor has begun meanwhile
            st.rerun()


def _follow(pulling: ModelPull, was_running: bool) -> None:
    """Show the run; once it has ended, have the whole page drawn anew."""
    if pulling.running:
        st.progress(pulling.done / max(pulling.total, 1), _progress(pulling))
        st.button(gettext("Cancel"), on_click=_cancel, args=(pulling,))
    elif was_running:
        st.rerun()
    elif pulling.error:
        st.html(notice_html(pulling.error, kind="error"))
    elif pulling.cancelled:
        cancelled = gettext(
            "Cancelled. What has arrived whole is used when you get the model again."
        )
        st.html(notice_html(cancelled))
    elif pulling.here:
        here = gettext("On this machine now: {model}").format(model=pulling.name)
        st.html(notice_html(here))


def _cancel(pulling: ModelPull) -> None:
    if user.rights().administers:  # still, and whatever the browser sends
        pulling.cancel()


def _progress(pulling: ModelPull) -> str:
    if not pulling.total:
        return gettext("Asking the hub …")
    return gettext("{done} of {total} MB").format(
        done=_megabytes(pulling.done), total=_megabytes(pulling.total)
    )


def _megabytes(size: int) -> str:
    return figure(f"{size / 1e6:,.0f}")
