"""The script that Streamlit runs: page frame, navigation, and the border for errors."""

import logging
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.rag import settled
from ui import scripts, shared
from ui.components import notice_html
from ui.language import AUTOMATIC, choose_language, gettext
from ui.views import chat, conversations, library, mapping, settings, workbench

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent


def main() -> None:
    """Draw the frame and the page that the address names."""
    _choose_language()
    st.set_page_config(page_title=gettext("Ask your documents"), page_icon=str(_HERE / "icon.svg"))
    st.html(_HERE / "style.css")
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
        lambda: _guarded(lambda settings: conversations.render(settings, chat=chat_page)),
        title=gettext("Conversations"),
        url_path="conversations",
    )
    # Streamlit's own navigation folds away on a phone; this one is always in sight.
    map_page = st.Page(lambda: _guarded(mapping.render), title=gettext("Map"), url_path="map")
    bench_page = st.Page(
        lambda: _guarded(workbench.render), title=gettext("Workbench"), url_path="workbench"
    )
    settings_page = st.Page(
        lambda: _safely(lambda: _settings(bench_page)),
        title=gettext("Settings"),
        url_path="settings",
    )
    page = st.navigation(
        [chat_page, kept_page, library_page, map_page, bench_page, settings_page],
        position="hidden",
    )
    with st.container(horizontal=True, key="navigation"):
        st.page_link(chat_page, icon=":material/forum:")
        st.page_link(kept_page, icon=":material/history:")
        st.page_link(library_page, icon=":material/folder_open:")
        st.page_link(map_page, icon=":material/scatter_plot:")
        st.page_link(bench_page, icon=":material/square_foot:")
        st.page_link(settings_page, icon=":material/tune:")
    scripts.tell_language()
    page.run()


def _choose_language() -> None:
    """That of the settings; where they cannot be used, which the page will tell, the browser's."""
    try:
        choose_language(Settings.load().language, st.context.locale)
    except RagError:
        choose_language(AUTOMATIC, st.context.locale)


def _guarded(render: Callable[[Settings], None]) -> None:
    """The page, with all that it needs opened."""
    _safely(lambda: render(_opened(Settings.load())))


def _settings(workbench_page: StreamlitPage) -> None:
    """The page where what cannot be used as it is set can be mended."""
    above = st.container()
    present = Settings.load()
    settings.render(present, workbench=workbench_page)
    with above:
        _safely(lambda: _opened(present))


def _opened(present: Settings) -> Settings:
    """The settings with the embedding model that the index has now, which is thereby opened."""
    named = settled(present)
    # Ten seconds after a cold start, nothing later.
    with st.spinner(gettext("Loading the language model …")):
        shared.rag(named)
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
