"""The script that Streamlit runs: page frame, navigation, and the border for errors."""

import logging
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.errors import RagError
from rag_app.opening import settled
from rag_app.settings.provenance import Settings, named_index, untrusted
from ui.access import user
from ui.components.blocks import notice_html
from ui.languages.language import AUTOMATIC, choose_language, gettext
from ui.resources import shared
from ui.session import state
from ui.views import (
    chat,
    collection_picker,
    conversation_list,
    evaluation,
    library,
    map_view,
    scripts,
    settings,
    workbench,
)

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent


def main() -> None:
    """Draw the frame and the page that the address names."""
    _choose_language()
    st.set_page_config(page_title=gettext("Ask your documents"), page_icon=str(_HERE / "icon.svg"))
    st.html(_HERE / "components" / "style.css")
    scripts.announce_language()
    if not user.admitted():
        return
    library_page = st.Page(
        lambda: _guarded(library.render), title=gettext("Library"), url_path="library"
    )
    chat_page = st.Page(
        lambda: _guarded(lambda settings: chat.render(settings, library=library_page)),
        title=gettext("Chat"),
        url_path="chat",
        default=True,
    )
    kept_page = st.Page(
        lambda: _guarded(lambda settings: conversation_list.render(settings, chat=chat_page)),
        title=gettext("Conversations"),
        url_path="conversations",
    )
    # Streamlit's own navigation folds away on a phone; this one is always in sight.
    map_page = st.Page(lambda: _guarded(map_view.render), title=gettext("Map"), url_path="map")
    bench_page = st.Page(
        lambda: _guarded(workbench.render), title=gettext("Workbench"), url_path="workbench"
    )
    evaluation_page = st.Page(
        lambda: _guarded(lambda settings: evaluation.render(settings, chat=chat_page)),
        title=gettext("Evaluation"),
        url_path="evaluation",
    )
    settings_page = st.Page(
        lambda: _safely(lambda: _settings(bench_page)),
        title=gettext("Settings"),
        url_path="settings",
    )
    pages = {
        chat_page: "forum",
        kept_page: "history",
        library_page: "folder_open",
        map_page: "scatter_plot",
        bench_page: "square_foot",
        evaluation_page: "fact_check",
        settings_page: "tune",
    }
    page = st.navigation([*pages], position="hidden")
    with st.container(horizontal=True, key="navigation"):
        for link, icon in pages.items():
            st.page_link(link, icon=f":material/{icon}:", query_params=state.address())
    page.run()
    user.leave()


def _choose_language() -> None:
    """That of the settings; where they cannot be used, which the page will tell, the browser's."""
    try:
        choose_language(Settings.load().language, st.context.locale)
    except RagError:
        choose_language(AUTOMATIC, st.context.locale)


def _guarded(render: Callable[[Settings], None]) -> None:
    """The page, with all that it needs opened."""
    _safely(lambda: render(_opened(_chosen())))


def _settings(workbench_page: StreamlitPage) -> None:
    """The page where what cannot be used as it is set can be mended."""
    above = st.container()
    present = _chosen()
    settings.render(present, workbench=workbench_page)
    with above:
        _safely(lambda: _opened(present))


def _chosen() -> Settings:
    """The settings of the collection that the visitor is in, with the choice between them."""
    index = collection_picker.render(named_index())
    for name, where in untrusted(index).items():
        told = gettext("{setting} leads to {where} and is ignored; if you trust it: {command}")
        allow = f"rag-app config trust --index {index}"
        line = told.format(setting=name, where=where, command=allow)
        st.html(notice_html(line, kind="note"))
    return Settings.load(index=index)


def _opened(present: Settings) -> Settings:
    """The settings with the embedding model that the index has now, which is thereby opened."""
    named = settled(present)
    # Ten seconds after a cold start, nothing later.
    with st.spinner(gettext("Loading the language model …")):
        shared.rag(named)
    shared.watching(named)
    return named


def _safely(draw: Callable[[], object]) -> None:
    """What is drawn, or one line where it fails; a bug's traceback goes to the log."""
    try:
        draw()
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
    except Exception:
        _logger.exception("the page failed")
        failed = gettext("This page failed unexpectedly; the log says more.")
        st.html(notice_html(failed, kind="error"))


if __name__ == "__main__":
    main()
