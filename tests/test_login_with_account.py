"""Signing in with an account: who is let in, what is theirs, what strangers reach."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from rag_app.errors import ConfigError
from rag_app.settings.provenance import Settings
from tests.conftest import ROOT
from tests.test_conversations import a_turn
from tests.test_login import CONTENT, pages
from ui.access import user
from ui.access.account_middleware import AccountMiddleware
from ui.access.entrance import Entrance
from ui.access.oidc import OIDC, SignIn, owner_of, signing_in
from ui.launch import main

AUTH = """
[auth]
redirect_uri = "https://rag.example.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
"""
PROVIDER = """
client_id = "rag"
client_secret = "hush-hush"
server_metadata_url = "https://id.example.org/.well-known/openid-configuration"
"""
ALLOWED = '[rag-app]\nallowed = ["Ada@example.org", "@example.com"]\n'
ADA = {
    "is_logged_in": True,
    "iss": "https://id.example.org",
    "sub": "1",
    "email": "ada@example.org",
}
BOB = {**ADA, "sub": "2", "email": "bob@example.net"}

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes the file of a server whose visitors sign in."""

    def write(content: str = AUTH + PROVIDER) -> Path:
        path = tmp_path / "secrets.toml"
        path.write_text(content)
        monkeypatch.setenv(OIDC, str(path))
        return path

    return write


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the provider says of the visitor: nothing, until a test has it say something."""
    said: dict[str, Any] = {"is_logged_in": False}
    monkeypatch.setattr(user, "_claims", lambda: said)
    return said


# The file


def test_a_file_names_provider_and_accounts(written: Written) -> None:
    assert SignIn.read(written()) == SignIn(("",), None)
    allowed = frozenset({"ada@example.org", "@example.com"})
    assert SignIn.read(written(AUTH + PROVIDER + ALLOWED)) == SignIn(("",), allowed)


def test_several_providers_have_names(written: Written) -> None:
    content = f"{AUTH}[auth.google]{PROVIDER}[auth.keycloak]{PROVIDER}"
    assert SignIn.read(written(content)).providers == ("google", "keycloak")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", r"has no \[auth\]"),
        ("auth = 1", r"has no \[auth\]"),
        ("[auth", "is not valid TOML"),
        (AUTH, r"\[auth\] lacks client_id, client_secret, server_metadata_url"),
        (f"{AUTH}[auth.google]\nclient_id = 'rag'", r"\[auth.google\] lacks client_secret"),
        (f"{AUTH}[auth.my_own]{PROVIDER}", "without an underscore"),
        (AUTH.replace("/oauth2callback", "") + PROVIDER, "with /oauth2callback at its end"),
        (AUTH.replace("0123456789", "") + PROVIDER, "cookie_secret has 12 characters"),
        (AUTH + PROVIDER + '[rag-app]\nallowed = "@example.org"', "use a list"),
        (AUTH + PROVIDER + '[rag-app]\nallowed = ["example.org"]', "use a list"),
        (AUTH + PROVIDER + '[rag-app]\nallowed = ["@a@example.org"]', "use a list"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_served(
    written: Written, content: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as refused:
        SignIn.read(written(content))
    assert "hush-hush" not in str(refused.value)


def test_without_authlib_the_extra_is_named(
    written: Written, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ui.access.entrance.find_spec", lambda _: None)
    assert main(["--oidc", str(written())]) == 1
    assert "pip install 'rag-app[login]'" in capsys.readouterr().err


def test_with_authlib_the_file_is_the_entrance(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.access.entrance.find_spec", lambda _: object())
    path = written()
    entrance = Entrance.chosen("0.0.0.0", password_file=None, oidc=path)
    assert entrance == Entrance(oidc=path)
    assert len(entrance.middleware(8501)) == 2
    monkeypatch.setenv("RAG_APP_PASSWORD", "correct horse")
    with pytest.raises(ConfigError, match="choose one"):
        Entrance.chosen("0.0.0.0", password_file=None, oidc=path)


# Who is let in


@pytest.mark.parametrize(
    ("change", "admitted"),
    [
        ({}, True),
        ({"email": "ADA@Example.org"}, True),
        ({"email": "eve@example.com"}, True),
        ({"email_verified": True}, True),
        ({"email_verified": "true"}, True),
        ({"email_verified": False}, False),
        ({"email": "eve@example.org"}, False),
        ({"email": "ada@example.org.evil.test"}, False),
        ({"email": "eve@sub.example.com"}, False),
        ({"email": "@example.com@evil.test"}, False),
        ({"email": "eve@evil.test@example.com"}, False),
        ({"email": '"eve@evil.test"@example.com'}, False),
        ({"email": "eve@example.com@evil.test"}, False),
        ({"email": "@example.com"}, False),
        ({"email": "eve@example.com."}, False),
        ({"email": "eve@example.com\n"}, False),
        ({"email": "eve@example.com, eve@evil.test"}, False),
        ({"email": "ada@e\u2093ample.org"}, False),  # a small x below the line
        ({"email": "ada@example\u3002org"}, False),  # an ideographic full stop
        ({"email": "ſam@example.net"}, False),  # a long s
        ({"email": ""}, False),
        ({"email": None}, False),
        ({"is_logged_in": False}, False),
        ({"is_logged_in": "true"}, False),
        ({"sub": ""}, False),
        ({"iss": None}, False),
    ],
)
def test_only_accounts_of_the_list_are_let_in(change: Mapping[str, Any], admitted: bool) -> None:
    allowed = frozenset({"ada@example.org", "sam@example.net", "@example.com"})
    sign_in = SignIn(("",), allowed)
    assert sign_in.admits(ADA | change) is admitted


def test_without_a_list_everybody_is_let_in_who_has_signed_in() -> None:
    assert SignIn(("",)).admits(BOB)
    assert not SignIn(("",)).admits({})
    assert not SignIn(("",), frozenset()).admits(ADA)


def test_an_owner_is_the_account_and_not_its_address() -> None:
    assert owner_of(ADA) == owner_of(ADA | {"email": "ada@example.net", "name": "Ada"})
    others = (BOB, ADA | {"iss": "https://id.example.net"})
    assert len({owner_of(ADA), *map(owner_of, others)}) == 3
    assert "ada" not in owner_of(ADA)


# The pages


def app() -> AppTest:
    """The script that Streamlit runs, as a visitor sees it."""
    return AppTest.from_file(str(ROOT / "ui" / "app.py"), default_timeout=60).run()


def shown(page: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in page.get("html"))


def test_a_stranger_sees_the_offer_to_sign_in_and_nothing_else(
    written: Written, claims: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_INDEX", str(tmp_path / "index"))
    written()
    page = app()
    assert [button.label for button in page.button] == ["Sign in"]
    assert page.get("page_link") == []
    assert not page.exception
    assert not (tmp_path / "index").exists()


def test_the_offer_speaks_the_visitors_language(
    written: Written, claims: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_LANGUAGE", "de")
    written(f"{AUTH}[auth.google]{PROVIDER}[auth.keycloak]{PROVIDER}")
    page = app()
    assert [button.label for button in page.button] == [
        "Anmelden mit google",
        "Anmelden mit keycloak",
    ]
    assert "Zur Benutzung bitte anmelden." in shown(page)


def test_each_provider_has_a_button(written: Written, claims: dict[str, Any]) -> None:
    written(f"{AUTH}[auth.google]{PROVIDER}[auth.keycloak]{PROVIDER}")
    labels = [button.label for button in app().button]
    assert labels == ["Sign in with google", "Sign in with keycloak"]


def test_an_account_that_is_not_on_the_list_can_only_leave(
    written: Written, claims: dict[str, Any]
) -> None:
    written(AUTH + PROVIDER + ALLOWED)
    claims.update(BOB)
    page = app()
    assert [button.label for button in page.button] == ["Log out"]
    assert "is not let in" in shown(page)
    assert page.get("page_link") == []


def test_a_file_that_breaks_meanwhile_lets_nobody_in(
    written: Written, claims: dict[str, Any], tmp_path: Path
) -> None:
    claims.update(ADA)
    written("[auth")
    page = app()
    assert "Nobody can sign in at present" in shown(page)
    assert str(tmp_path) not in shown(page)
    assert not page.button
    with pytest.raises(ConfigError):
        signing_in()


def test_members_are_let_in_and_can_leave(written: Written, claims: dict[str, Any]) -> None:
    def script() -> None:
        import streamlit as st

        from ui.access import user

        if user.admitted():
            st.write("welcome")
            user.leave()

    written(AUTH + PROVIDER + ALLOWED)
    claims.update(ADA)
    page = AppTest.from_function(script).run()
    assert page.markdown[0].value == "welcome"
    assert [button.label for button in page.button] == ["Log out"]


def test_where_nobody_signs_in_all_is_as_it_was() -> None:
    def script() -> None:
        import streamlit as st

        from ui.access import user

        st.text(f"{user.admitted()} {user.owner()!r}")
        user.leave()

    page = AppTest.from_function(script).run()
    assert page.text[0].value == "True ''"
    assert not page.button
    assert not page.get("html")


# Their conversations


def test_a_conversation_is_kept_for_the_account_that_asked(
    written: Written, claims: dict[str, Any], tmp_path: Path
) -> None:
    from ui.resources import shared

    written()
    settings = Settings(index=tmp_path)
    claims.update(ADA)
    id_ = shared.conversations(settings).keep("", [turn := a_turn()])
    claims.update(BOB)
    assert shared.conversations(settings).turns(id_) == []
    assert shared.conversations(settings).listed() == []
    claims.update(ADA)
    assert shared.conversations(settings).turns(id_) == [turn]


def test_the_address_of_anothers_conversation_opens_nothing(
    written: Written, claims: dict[str, Any], tmp_path: Path
) -> None:
    from ui.resources import shared
    from ui.session import keys

    def script(settings: "Settings") -> None:
        from ui.session import saved_conversation

        saved_conversation.follow(settings)

    written()
    settings = Settings(index=tmp_path)
    claims.update(ADA)
    id_ = shared.conversations(settings).keep("", [a_turn()])
    for said, turns in ((BOB, 0), (ADA, 1)):
        claims.update(said)
        page = AppTest.from_function(script, args=(settings,), default_timeout=30)
        page.query_params[keys.CONVERSATION] = id_
        page.run()
        assert len(page.session_state[keys.TURNS]) == turns


# What needs no script


def signed(said: Mapping[str, Any]) -> dict[str, str]:
    """The cookie that Streamlit gives to whoever has signed in, as a header."""
    name = "_streamlit_user"
    value = create_signed_value(get_cookie_secret(), name, json.dumps(said)).decode()
    return {"cookie": f"{name}={value}"}


OPEN = (
    "/",
    "/library",
    "/static/media/font.woff2",
    "/_stcore/health",
    "/_stcore/host-config",
    "/auth/login",
    "/oauth2callback",
)
CLOSED = ("/media/0123.pdf", "/_stcore/metrics", "/_stcore/upload_file/a/b", "/component/map/a.js")


@pytest.mark.parametrize("route", OPEN)
def test_what_signing_in_needs_is_open(written: Written, route: str) -> None:
    written()
    assert TestClient(AccountMiddleware(pages)).get(route).text == CONTENT


@pytest.mark.parametrize("route", CLOSED)
def test_media_uploads_and_figures_are_for_members(written: Written, route: str) -> None:
    written(AUTH + PROVIDER + ALLOWED)
    client = TestClient(AccountMiddleware(pages))
    forged = {"cookie": signed(ADA)["cookie"][:-3] + "AAA"}
    for headers in ({}, forged, signed(BOB), signed({**ADA, "is_logged_in": False})):
        for method in ("GET", "PUT"):
            answer = client.request(method, route, headers=headers)
            assert (answer.status_code, answer.text) == (401, "Sign in.")
    assert client.get(route, headers=signed(ADA)).text == CONTENT


def test_below_a_path_of_a_proxy_it_is_the_same(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    written()
    monkeypatch.setattr("streamlit.get_option", lambda _: "/team/rag/")
    client = TestClient(AccountMiddleware(pages))
    assert client.get("/team/rag/_stcore/health").status_code == 200
    assert client.get("/team/rag/media/1").status_code == 401


def test_a_file_that_breaks_meanwhile_closes_what_is_for_members(written: Written) -> None:
    written("[auth")
    assert (
        TestClient(AccountMiddleware(pages)).get("/media/1", headers=signed(ADA)).status_code == 401
    )
