"""Two people with accounts, the file of a server that lets them in, and its pages as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.test_login_with_account import AUTH, PROVIDER
from ui.access import user
from ui.access.oidc import OIDC
from ui.session import keys

ALLOWED = '[rag-app]\nallowed = ["ada@example.org", "@example.net"]\nadmins = '
PARTS = ("tokens", "similarity", "alike", "unlike", "compare", "codes", "matches", "training")
PATIENCE = 120  # seconds, for a busy machine


def secrets_file(folder: Path, *, admins: str = '["Ada@example.org"]') -> Path:
    """The file of a server where visitors sign in; Ada administers."""
    path = folder / "secrets.toml"
    path.write_text(AUTH + PROVIDER + ALLOWED + admins)
    return path


class Visitor:
    """Whose page it is: what the provider says of them, which a test may change meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, secrets: Path) -> None:
        self._said: dict[str, Any] = {"is_logged_in": False}
        monkeypatch.setenv(OIDC, str(secrets))
        monkeypatch.setattr(user, "_claims", lambda: self._said)

    def be(self, claims: Mapping[str, Any]) -> None:
        """From now on it is this one."""
        self._said = dict(claims)


def visited(name: str) -> None:
    """A page among others, as the app has it, for whoever is let in."""
    import streamlit as st

    from ui import app
    from ui.access import user
    from ui.views import chat, conversation_list, evaluation, library, map_view, settings, workbench

    other = st.Page(lambda: None, title="Other", url_path="other")
    pages = {
        "chat": lambda present: chat.render(present, library=other),
        "conversations": lambda present: conversation_list.render(present, chat=other),
        "library": library.render,
        "map": map_view.render,
        "workbench": workbench.render,
        "evaluation": lambda present: evaluation.render(present, chat=other),
        "settings": lambda present: settings.render(present, workbench=other),
    }
    this = st.Page(lambda: app._guarded(pages[name]), title="This", default=True)
    if user.admitted():
        st.navigation([this, other], position="hidden").run()


def visit(name: str, *, part: str = "tokens", **address: str) -> AppTest:
    """A new visitor of the page, at that address."""
    page = AppTest.from_function(visited, args=(name,), default_timeout=PATIENCE)
    page.session_state[keys.PART] = part
    for key, value in address.items():
        page.query_params[key] = value
    return run(page)


def run(page: AppTest) -> AppTest:
    """The page once it has been drawn anew, which did not fail."""
    page.run()
    assert not page.exception
    assert "failed unexpectedly" not in everything(page)
    return page


def everything(page: AppTest) -> str:
    """All that was sent to the browser, wherever on the page."""
    return "\n".join(str(node.proto) for node in page._tree if hasattr(node, "proto"))


def press(page: AppTest, label: str, *, form: str = "") -> AppTest:
    """Click on the button of that label."""
    wanted = [b for b in page.button if b.label == label and form in {"", b.form_id}]
    wanted[0].click()
    return run(page)
