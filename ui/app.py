"""The script that Streamlit runs: page frame, navigation, and the border for errors."""

import logging
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from rag_app.config import Settings
from rag_app.errors import RagError
from rag_app.rag import settled
from ui import shared
from ui.components import notice_html
from ui.views import chat, conversations, library, mapping, workbench

_logger = logging.getLogger(__name__)
_HERE = Path(__file__).parent


def main() -> None:
    """Draw the frame and the page that the address names."""
    st.set_page_config(page_title="Ask your documents", page_icon=str(_HERE / "icon.svg"))
    st.html(_HERE / "style.css")
    library_page = st.Page(lambda: _guarded(library.render), title="Library", url_path="library")
    chat_page = st.Page(
        lambda: _guarded(lambda settings: chat.render(settings, library=library_page)),
        title="Chat",
        url_path="chat",
        default=True,
    )
    kept_page = st.Page(
        lambda: _guarded(lambda settings: conversations.render(settings, chat=chat_page)),
        title="Conversations",
        url_path="conversations",
    )
    # Streamlit's own navigation folds away on a phone; this one is always in sight.
    map_page = st.Page(lambda: _guarded(mapping.render), title="Map", url_path="map")
    bench_page = st.Page(
        lambda: _guarded(workbench.render), title="Workbench", url_path="workbench"
    )
    page = st.navigation(
        [chat_page, kept_page, library_page, map_page, bench_page], position="hidden"
    )
    with st.container(horizontal=True, key="navigation"):
        st.page_link(chat_page, icon=":material/forum:")
        st.page_link(kept_page, icon=":material/history:")
        st.page_link(library_page, icon=":material/folder_open:")
        st.page_link(map_page, icon=":material/scatter_plot:")
        st.page_link(bench_page, icon=":material/square_foot:")
    page.run()


def _guarded(render: Callable[[Settings], None]) -> None:
    """The page, or one line where it fails; a bug's traceback goes to the log."""
    try:
        # The index may have been given another model since the last run.
        settings = settled(Settings.load())
        # Ten seconds after a cold start, nothing later.
        with st.spinner("Loading the language model …"):
            shared.rag(settings)
        shared.watching(settings)
        render(settings)
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
    except Exception:
        _logger.exception("the page failed")
        st.html(notice_html("This page failed unexpectedly; the log says more.", kind="error"))


if __name__ == "__main__":
    main()
