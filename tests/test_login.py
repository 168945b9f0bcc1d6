"""A server with a password: who is let in, who has to wait, and what the others see."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from rag_app.errors import ConfigError
from ui.access.entrance import Entrance
from ui.access.login_attempts import LONGEST_WAIT, LoginAttempts
from ui.access.page import HEADERS, login_page
from ui.access.password import LOGIN, Password, read_password
from ui.access.password_middleware import PasswordMiddleware
from ui.access.request_guard import RequestGuard, headers
from ui.access.sessions import SECONDS, Sessions, cookie_name
from ui.serving import Certificate, address

SECRET = "correct horse battery"
COOKIE = cookie_name(8501)
CONTENT = "the conversation of berth seven"
ROUTES = (
    "/",
    "/library",
    "/chat?conversation=" + "a" * 32,
    "/media/0123.pdf",
    "/component/map/index.html",
    "/static/js/index.js",
    "/_stcore/metrics",
    "/_stcore/host-config",
    "/_stcore/healthy",
    "/library/_stcore/health",
    "/_stcore/upload_file/session/file",
)


class Clock:
    """A time that passes when it is told to, or when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.now += seconds


async def pages(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the gate: it answers everything, and websockets word for word."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            if "text" in message:
                await send({"type": "websocket.send", "text": message["text"]})
        # Servers do this by themselves once nothing more comes.
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": CONTENT.encode()})


@pytest.fixture
def clock() -> Clock:
    return Clock()


def visitor(clock: Clock, *, token: bool = False, scheme: str = "http") -> TestClient:
    """Somebody with a browser before the gate."""
    gate = PasswordMiddleware(
        pages,
        password=Password.of(SECRET, in_address=token),
        cookie=COOKIE,
        tries=LoginAttempts(clock, clock.wait),
        sessions=Sessions(clock),
    )
    return TestClient(
        RequestGuard(gate), base_url=f"{scheme}://rag.test:8501", follow_redirects=False
    )


@pytest.fixture
def stranger(clock: Clock) -> TestClient:
    return visitor(clock)


@pytest.fixture
def member(stranger: TestClient) -> TestClient:
    """Somebody who has given the password."""
    assert stranger.post("/", data={"password": SECRET}).status_code == 303
    return stranger


# Passwords


def test_only_the_password_matches() -> None:
    password = Password.of("größer als 8")
    assert password.matches("größer als 8")
    assert not any(map(password.matches, ("", "größer als", "größer als 8 ", "GRÖSSER ALS 8")))


def test_the_password_is_not_kept() -> None:
    assert SECRET not in repr(Password.of(SECRET))
    assert SECRET.encode() not in Password.of(SECRET).digest


def test_the_environment_has_a_password_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_APP_PASSWORD", SECRET)
    assert read_password(None) == SECRET
    assert read_password(None) == ""


def test_a_file_has_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    assert read_password(file) == SECRET
    monkeypatch.setenv("RAG_APP_PASSWORD_FILE", str(file))
    assert read_password(None) == SECRET
    monkeypatch.setenv("RAG_APP_PASSWORD", "another one")
    assert read_password(None) == "another one"


def test_a_password_that_every_user_can_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    for mode, told in ((0o600, []), (0o644, [f"can read {file}; `chmod 600 {file}`"])):
        file.chmod(mode)
        assert read_password(file) == SECRET
        said = [record.getMessage() for record in caplog.records]
        assert [line.partition("machine ")[2] for line in said] == told


@pytest.mark.parametrize("text", ["", "\n", "short"])
def test_a_short_password_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "password").write_text(text)
    with pytest.raises(ConfigError, match="choose 8 or more"):
        read_password(tmp_path / "password")


def test_a_password_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_password(tmp_path / "password")


# What a server needs


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_alone_needs_no_password(host: str) -> None:
    entrance = Entrance.chosen(host, password_file=None, oidc=None)
    assert entrance.is_free
    assert len(entrance.middleware(8501)) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "rag.example.org"])
def test_others_need_a_token_that_is_made_anew_each_time(host: str) -> None:
    first, second = (Entrance.chosen(host, password_file=None, oidc=None) for _ in range(2))
    assert first.password is not None
    assert first.password.matches(first.token)
    assert first.password.in_address
    assert len(first.token) == 32
    assert first.token != second.token


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_chosen_password_is_asked_for_everywhere(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_APP_PASSWORD", SECRET)
    entrance = Entrance.chosen(host, password_file=None, oidc=None)
    assert entrance.password == Password.of(SECRET)
    assert entrance.token == ""
    assert len(entrance.middleware(8501)) == 2


# Waiting


def waited(tries: LoginAttempts, clock: Clock, address_: str) -> float:
    """Seconds that a try from there is answered after."""
    before = clock.now
    asyncio.run(tries.turn(address_))
    return clock.now - before


@pytest.fixture
def tries(clock: Clock) -> LoginAttempts:
    return LoginAttempts(clock, clock.wait)


def test_each_try_without_success_doubles_the_wait_up_to_five_seconds(
    tries: LoginAttempts, clock: Clock
) -> None:
    assert [waited(tries, clock, "10.0.0.1") for _ in range(7)] == [0, 1, 2, 4, 5, 5, 5]


def test_nothing_that_strangers_try_has_anybody_wait_for_longer(
    tries: LoginAttempts, clock: Clock
) -> None:
    waits = [waited(tries, clock, f"10.0.{n % 9}.{n % 250}") for n in range(3000)]
    assert max(waits) == LONGEST_WAIT


def test_others_do_not_wait_and_the_right_one_begins_anew(
    tries: LoginAttempts, clock: Clock
) -> None:
    waited(tries, clock, "10.0.0.1")
    assert waited(tries, clock, "10.0.0.2") == 0
    tries.right("10.0.0.1")
    assert waited(tries, clock, "10.0.0.1") == 0


def test_after_an_hour_an_address_begins_anew(tries: LoginAttempts, clock: Clock) -> None:
    waited(tries, clock, "10.0.0.1")
    clock.now += 3601
    assert waited(tries, clock, "10.0.0.1") == 0


def test_all_wait_while_there_are_more_than_thirty_a_minute(
    tries: LoginAttempts, clock: Clock
) -> None:
    for n in range(30):
        assert waited(tries, clock, f"10.0.0.{n}") == 0
    assert waited(tries, clock, "10.1.0.1") == LONGEST_WAIT
    clock.now += 60
    assert waited(tries, clock, "10.1.0.2") == 0


def test_right_ones_slow_nobody_down(tries: LoginAttempts, clock: Clock) -> None:
    for n in range(40):
        assert waited(tries, clock, f"10.0.0.{n}") == 0
        tries.right(f"10.0.0.{n}")


def test_a_network_of_ipv6_is_one_address(tries: LoginAttempts, clock: Clock) -> None:
    waited(tries, clock, "2001:db8:1:2::1")
    assert waited(tries, clock, "2001:db8:1:2:ffff::7") == 1
    assert waited(tries, clock, "2001:db8:1:3::1") == 0
    waited(tries, clock, "::ffff:10.0.0.1")
    assert waited(tries, clock, "::ffff:10.0.0.2") == 0


def test_what_is_known_of_addresses_has_a_limit(
    tries: LoginAttempts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.access.login_attempts._MOST_ADDRESSES", 2)
    waits = [waited(tries, clock, address_) for address_ in ("a", "b", "a", "c", "b", "a")]
    assert waits == [0, 0, 1, 0, 0, 0]


def test_many_at_once_from_one_address_leave_a_place_for_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.access.login_attempts._MOST_AT_ONCE", 5)

    async def all_at_once() -> list[int]:
        tries = LoginAttempts(clock, lambda _: asyncio.sleep(0))
        addresses = [*["10.0.0.1"] * 7, "10.0.0.2"]
        told = await asyncio.gather(*map(tries.turn, addresses))
        return [*told, await tries.turn("10.0.0.1")]

    assert asyncio.run(all_at_once()) == [1, 2, 3, 4, 5, 0, 0, 1, 6]


# Keys


def test_a_key_is_good_for_a_week_or_until_it_is_given_back(clock: Clock) -> None:
    sessions = Sessions(clock)
    first, second = sessions.begin(), sessions.begin()
    assert sessions.knows(first)
    assert not sessions.knows("")
    sessions.end(first)
    assert not sessions.knows(first)
    clock.now += SECONDS
    assert not sessions.knows(second)
    sessions.begin()
    assert second not in sessions._until


# Strangers


@pytest.mark.parametrize("route", ROUTES)
def test_a_stranger_gets_nothing_but_the_page_that_asks(stranger: TestClient, route: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"):
        answer = stranger.request(method, route)
        assert answer.status_code == 401
        assert CONTENT not in answer.text
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        page = "not logged in" if "/_stcore/" in route else '<form method="post">'
        assert method == "HEAD" or page in answer.text


def test_the_health_of_the_server_is_no_secret(stranger: TestClient) -> None:
    assert stranger.get("/_stcore/health").text == CONTENT
    assert stranger.post("/_stcore/health").status_code == 401


def test_a_stranger_gets_no_websocket(stranger: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        stranger.websocket_connect("ws://rag.test:8501/_stcore/stream"),
    ):
        pass
    assert refused.value.code == 1008


def test_a_made_up_cookie_opens_nothing(stranger: TestClient) -> None:
    for value in ("", "a" * 43, SECRET):
        assert stranger.get("/", headers={"cookie": f"{COOKIE}={value}"}).status_code == 401


@pytest.mark.parametrize(
    "body", ["", "password=", "other=1", "password=" + "a" * 5000, "%ff&=", '{"password": 1}']
)
def test_a_form_without_a_password_is_no_try(stranger: TestClient, body: str) -> None:
    answer = stranger.post("/", content=body)
    assert answer.status_code == 401
    assert 'role="alert"' not in answer.text


# Trying


def test_the_right_password_opens_the_address_that_was_asked_for(stranger: TestClient) -> None:
    answer = stranger.post("/chat?conversation=abc&x=%26", data={"password": SECRET})
    assert answer.status_code == 303
    assert answer.headers["location"] == "./chat?conversation=abc&x=%26"
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    for route in ROUTES:
        assert stranger.get(route).text == CONTENT


def test_over_https_the_cookie_stays_there(clock: Clock) -> None:
    answer = visitor(clock, scheme="https").post("/", data={"password": SECRET})
    assert answer.headers["set-cookie"].endswith("Secure")


def test_a_wrong_password_is_told_and_noted(
    stranger: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = stranger.post("/", data={"password": "wrong <b>"})
    assert (answer.status_code, "That is not it." in answer.text) == (401, True)
    ours = [r for r in caplog.records if r.name == "ui.access.password_middleware"]
    said = [record.getMessage() for record in ours]
    assert said == ["wrong password from testclient, 1 in a row"]


def test_the_right_password_is_let_in_after_seconds_however_many_were_wrong(
    stranger: TestClient, clock: Clock
) -> None:
    for _ in range(1500):
        assert stranger.post("/", data={"password": "wrong"}).status_code == 401
    begun = clock.now
    assert stranger.post("/", data={"password": SECRET}).status_code == 303
    assert clock.now - begun <= LONGEST_WAIT


def test_a_right_password_is_answered_as_late_as_a_wrong_one(
    stranger: TestClient, clock: Clock
) -> None:
    stranger.post("/", data={"password": "wrong"})
    begun = clock.now
    stranger.post("/", data={"password": SECRET})
    assert clock.now - begun == 1


def test_where_too_many_wait_the_page_says_when_to_try_again(
    stranger: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> int:
        return 0

    monkeypatch.setattr(LoginAttempts, "turn", full)
    answer = stranger.post("/", data={"password": SECRET})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    assert "Seconds to wait before the next: 5." in answer.text
    german = stranger.post("/", data={"password": SECRET}, headers={"accept-language": "de"})
    assert "Zu viele falsche Versuche." in german.text


def test_no_password_is_ever_logged(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    both = visitor(clock, token=True)
    for given in ("wrong-password", SECRET):
        both.post("/", data={"password": given})
        both.get("/", params={"token": given})
        clock.now += 60
    said = " ".join(r.getMessage() for r in caplog.records if r.name.startswith("ui."))
    assert "wrong password from" in said
    assert "wrong-password" not in said
    assert SECRET not in said


@pytest.mark.parametrize("path", ["//evil.test", "//evil.test/%2e%2e", "/a/javascript:alert(1)"])
def test_after_logging_in_nobody_is_sent_elsewhere(stranger: TestClient, path: str) -> None:
    answer = stranger.post(f"http://rag.test:8501{path}", data={"password": SECRET})
    assert answer.headers["location"].startswith("./")
    assert "//" not in answer.headers["location"]


# Tokens


def test_a_token_in_the_address_opens_and_disappears(clock: Clock) -> None:
    guest = visitor(clock, token=True)
    answer = guest.get(f"/library?a=1&token={SECRET}&b=")
    assert (answer.status_code, answer.headers["location"]) == (303, "./library?a=1&b=")
    assert guest.get("/library").text == CONTENT
    again = guest.get(f"/?token={SECRET}")
    assert (again.status_code, again.headers["location"]) == (303, "./")


def test_a_token_can_be_typed_too(clock: Clock) -> None:
    guest = visitor(clock, token=True)
    assert "The server printed it" in guest.get("/").text
    assert guest.post("/", data={"password": SECRET}).status_code == 303


def test_a_wrong_token_has_to_wait_like_a_wrong_password(clock: Clock) -> None:
    guest = visitor(clock, token=True)
    assert guest.get("/?token=wrong").status_code == 401
    begun = clock.now
    assert guest.get("/?token=wrong").status_code == 401
    assert clock.now - begun == 1


def test_a_chosen_password_has_no_place_in_an_address(stranger: TestClient) -> None:
    assert stranger.get(f"/?token={SECRET}").status_code == 401
    assert stranger.post("/", data={"password": SECRET}).status_code == 303


# Members


def test_a_member_uses_websockets_until_they_log_out(member: TestClient) -> None:
    with member.websocket_connect("ws://rag.test:8501/_stcore/stream") as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
        out = member.post("/logout")
        assert (out.status_code, out.headers["location"]) == (303, "./")
        assert "Max-Age=0" in out.headers["set-cookie"]
        socket.send_text("still there?")
        with pytest.raises(WebSocketDisconnect):
            socket.receive_text()
    assert member.get("/").status_code == 401


def test_a_key_that_was_given_back_opens_nothing(member: TestClient) -> None:
    key = member.cookies[COOKIE]
    member.post("/logout")
    assert member.get("/", headers={"cookie": f"{COOKIE}={key}"}).status_code == 401


def test_a_form_that_was_left_open_leads_in(member: TestClient) -> None:
    answer = member.post("/library", data={"password": "anything"})
    assert (answer.status_code, answer.headers["location"]) == (303, "./library")
    assert member.put("/_stcore/upload_file/a/b").text == CONTENT


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://rag.test:8502"])
def test_pages_of_other_addresses_change_nothing(member: TestClient, origin: str) -> None:
    headers = {"origin": origin}
    assert member.post("/logout", headers=headers).status_code == 403
    assert member.put("/_stcore/upload_file/a/b", headers=headers).status_code == 403
    with (
        pytest.raises(WebSocketDisconnect),
        member.websocket_connect("ws://rag.test:8501/_stcore/stream", headers=headers),
    ):
        pass
    assert member.get("/library", headers=headers).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://127.0.0.1:9999"])
def test_pages_of_other_ports_get_nothing_where_nobody_logs_in(origin: str) -> None:
    chat = TestClient(RequestGuard(pages), base_url="http://127.0.0.1:8501")
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        chat.websocket_connect("/_stcore/stream", headers={"origin": origin}),
    ):
        pass
    assert refused.value.code == 1008
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = chat.request(method, "/_stcore/upload_file/a/b", headers={"origin": origin})
        assert (answer.status_code, CONTENT in answer.text) == (403, False)
    assert chat.get("/").text == CONTENT
    own = {"origin": "http://127.0.0.1:8501"}
    assert chat.put("/_stcore/upload_file/a/b", headers=own).text == CONTENT


@pytest.mark.parametrize("entrance", [Entrance(), Entrance(Password.of(SECRET))], ids=str)
def test_every_answer_says_what_pages_may_do(entrance: Entrance) -> None:
    served = TestClient(Starlette(middleware=entrance.middleware(8501)))
    for route in ROUTES:
        told = served.get(route).headers
        assert told["x-frame-options"] == "DENY"
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in told["content-security-policy"]


def test_our_pages_load_nothing_from_elsewhere() -> None:
    policy = headers()["Content-Security-Policy"]
    named = {source for part in policy.split("; ") for source in part.split()[1:]}
    harmless = {"'self'", "'none'", "data:", "blob:", "'unsafe-inline'"}
    assert {source for source in named - harmless if not source.startswith("'sha256-")} == set()
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_our_own_pages_may(member: TestClient) -> None:
    headers = {"origin": "http://RAG.test:8501"}
    with member.websocket_connect("ws://rag.test:8501/_stcore/stream", headers=headers) as socket:
        socket.send_text("hello")
        assert socket.receive_text() == "hello"
    assert member.post("/logout", headers=headers).status_code == 303


# The page


def test_the_page_loads_nothing_and_says_what_is_wrong() -> None:
    page = login_page(error="Try <again>.", token=True)
    assert "Try &lt;again&gt;." in page
    assert 'aria-describedby="error hint"' in page
    assert not any(word in page for word in ("src=", "<script", "http:", "https:", "@import"))
    assert "script-src" not in HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]


def test_the_page_speaks_the_language_of_the_browser(stranger: TestClient) -> None:
    german = {"accept-language": "fr,de-AT;q=0.9,en;q=0.8"}
    page = stranger.get("/", headers=german).text
    assert '<html lang="de">' in page
    assert "<title>Anmelden · Dokumente befragen</title>" in page
    assert '<label for="password">Passwort</label>' in page
    told = stranger.post("/", data={"password": "wrong"}, headers=german).text
    assert "Das ist nicht richtig. Bitte erneut versuchen." in told
    assert stranger.get("/_stcore/metrics", headers=german).json().startswith("Nicht angemeldet.")
    assert '<html lang="en">' in stranger.get("/").text


def test_a_page_offers_to_log_out_where_a_password_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def script() -> None:
        from ui.access import user

        user.leave()

    monkeypatch.setenv(LOGIN, "password")
    (form,) = AppTest.from_function(script).run().get("html")
    assert 'method="post" action="logout"' in form.proto.body


# Addresses and certificates


def test_an_address_for_all_is_told_by_the_name_of_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.serving.gethostname", lambda: "harbour")
    assert address("0.0.0.0", 8501) == "http://harbour:8501"
    assert address("::", 443, encrypted=True) == "https://harbour:443"
    assert address("rag.example.org", 80) == "http://rag.example.org:80"


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    assert Certificate.given(None, None) is None
    with pytest.raises(ConfigError, match="give both"):
        Certificate.given(tmp_path / "certificate.pem", None)


def test_what_is_no_certificate_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    with pytest.raises(ConfigError, match="cannot be used"):
        Certificate.given(file, file)
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(ConfigError, match="cannot be used"):
        Certificate.given(file, file)
