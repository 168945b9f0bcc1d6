"""The collection that the pages show: choosing one; making, renaming and deleting them."""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from rag_app.errors import RagError
from rag_app.index.collections import (
    LONGEST,
    Collection,
    collections_of,
    create,
    delete,
    rename,
)
from rag_app.settings.provenance import Settings, named_index
from ui.access import user
from ui.components.blocks import notice_html
from ui.languages.language import gettext
from ui.resources import shared
from ui.session import keys, state


def render(index: Path) -> Path:
    """Draw the choice between collections, where there is one; the folder of the chosen.

    Args:
        index: The folder of the first collection.
    """
    known = {found.slug: found for found in collections_of(index)}
    _follow(known)
    here = state.collection()
    if len(known) > 1:
        st.session_state[keys.COLLECTION_FIELD] = here
        with st.container(key="collection-bar"):
            st.selectbox(
                gettext("Collection"),
                [*known],
                format_func=lambda slug: known[slug].name if slug in known else "",
                key=keys.COLLECTION_FIELD,
                on_change=_chosen,
                label_visibility="collapsed",
            )
    if st.session_state.pop(keys.COLLECTION_GONE, False):
        gone = gettext("The collection at this address is no longer there; this is another one.")
        st.html(notice_html(gone, kind="error"))
    return known[here].folder


def _follow(known: Container[str]) -> None:
    """Go to the collection that the address names, or have it name the one that is open."""
    here = state.collection()
    named = st.query_params.get(keys.COLLECTION, here)
    if here not in known or named not in known:
        # From the beginning: what was sent to one that is gone is not to reach another.
        st.session_state[keys.COLLECTION_GONE] = True
        _enter(here if here in known else "")
        st.rerun()
    if named != here:
        state.enter(named)
    if named:
        # Links without it have the same meaning: other pages have addresses of their own.
        st.query_params[keys.COLLECTION] = named


def _chosen() -> None:
    _enter(st.session_state[keys.COLLECTION_FIELD])


def _enter(slug: str) -> None:
    """Go to the collection, and have the address say so."""
    state.begin_anew()
    state.enter(slug)
    if slug:
        st.query_params[keys.COLLECTION] = slug
    else:
        st.query_params.pop(keys.COLLECTION, None)


# On the page of the library


def manage(settings: Settings) -> None:
    """Draw the button behind which collections are made, renamed and deleted."""
    index = named_index()
    here = next(one for one in collections_of(index) if one.slug == state.collection())
    key = state.own(keys.COLLECTIONS)
    with st.popover(gettext("Collections"), icon=":material/folder_copy:", key=key):
        st.caption(
            gettext(
                "Each collection has its own documents, model, conversations and settings. "
                "An answer comes from one collection alone."
            )
        )
        if not user.rights().administers:
            st.caption(gettext("Only an administrator can make, rename or delete collections."))
            return
        with st.form("collection-new", border=False):
            key = state.own(keys.COLLECTION_NAME)
            name = st.text_input(gettext("Name of a new collection"), max_chars=LONGEST, key=key)
            if st.form_submit_button(gettext("Create collection"), type="primary"):
                _create(index, name)
        with st.form("collection-here", border=False):
            label = gettext("Name of this collection")
            name = st.text_input(label, here.name, max_chars=LONGEST)
            if st.form_submit_button(gettext("Rename collection")):
                _rename(index, here, name)
        key = state.own(keys.COLLECTION_DELETION)
        if here.slug and st.checkbox(gettext("Delete this collection"), key=key):
            _deletion(here, settings)


def _create(index: Path, name: str) -> None:
    with _telling():
        _enter(create(index, name).slug)
        state.set_notice(gettext("This collection is empty. Add some documents to it."))
        st.rerun()


def _rename(index: Path, here: Collection, name: str) -> None:
    with _telling():
        rename(index, here, name)
        state.set_notice(gettext("The collection has its new name."))
        st.rerun()


def _deletion(here: Collection, settings: Settings) -> None:
    """What would be lost, and the button."""
    st.caption(
        gettext(
            "Its uploaded files, conversations and settings, and all that was made of its "
            "documents, are deleted. Files in your own folders stay where they are."
        )
    )
    if not st.button(gettext("Delete for good"), icon=":material/delete:"):
        return
    if shared.training(settings).running:
        training = gettext(
            "A model is being trained on this collection; stop that first, on the workbench."
        )
        st.html(notice_html(training, kind="error"))
        return
    with _telling():
        shared.let_go(here.folder)
        delete(here)
        _enter("")
        state.set_notice(gettext("The collection is deleted. This is another one."))
        st.rerun()


@contextmanager
def _telling() -> Iterator[None]:
    """What cannot be done as one line, in place."""
    try:
        yield
    except RagError as error:
        st.html(notice_html(str(error), kind="error"))
