"""Two people with accounts, each with a browser of their own: neither sees the other anywhere."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from tests.accounts import secrets_file
from tests.browser import serving, visiting
from tests.every_page import EVERY_PAGE, come_to
from tests.test_login_with_account import ADA, AUTH, BOB
from tests.visitor import ask, go, settle

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
MARK = "Zanzibar"  # in all that Ada writes, and in no document
USER = "_streamlit_user"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the samples are served to those who sign in; both may do everything."""
    folder = tmp_path_factory.mktemp("two")
    # Nobody signs in here, for which alone the library is needed: they bring their cookies.
    (folder / "authlib").mkdir()
    (folder / "authlib" / "__init__.py").touch()
    secrets = secrets_file(folder, admins='["ada@example.org", "bob@example.net"]')
    with serving(folder, RAG_APP_OIDC=str(secrets), PYTHONPATH=str(folder)) as served:
        yield served


def signed_in(who: Mapping[str, Any], address: str) -> dict[str, str]:
    """The cookie that Streamlit gives to somebody who has signed in."""
    said = json.dumps({**who, "origin": address})
    secret = tomllib.loads(AUTH)["auth"]["cookie_secret"]
    return {USER: create_signed_value(secret, USER, said).decode()}


def leave_marks(page: "Page") -> str:
    """Ask, judge, evaluate, pin and try out; the address of the conversation."""
    ask(page, f"How much is a day pass for the workshop, says {MARK}?")
    conversation = page.url
    page.get_by_test_id("stFeedback").get_by_role("radio").first.check(force=True)
    settle(page)
    go(page, "Evaluation")
    page.get_by_role("combobox", name="Questions").click()
    page.get_by_role("option", name="A file").click()
    settle(page)
    asked = {"question": f"Where is {MARK}?", "answer": MARK, "source": "price-list.html"}
    data = json.dumps(asked).encode()
    file = {"name": f"{MARK}.jsonl", "mimeType": "application/json", "buffer": data}
    page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    page.get_by_test_id("stFileChipName").wait_for()
    page.get_by_role("button", name="Ask the questions").click()
    page.locator(".figures").first.wait_for()
    assert MARK in page.content()
    go(page, "Map")
    page.get_by_label("Pin a question").fill(MARK)
    page.keyboard.press("Enter")
    settle(page)
    go(page, "Conversations")
    assert MARK in page.content()
    return conversation


def test_neither_sees_the_other_on_any_page(browser: "Browser", address: str) -> None:
    with visiting(browser, address, cookie=signed_in(ADA, address)) as hers:
        conversation = leave_marks(hers)
        his = signed_in(BOB, address)
        for name in EVERY_PAGE:
            with visiting(browser, address, cookie=his) as page:
                come_to(page, name)
                assert MARK not in page.content(), name
        with visiting(browser, conversation, cookie=his) as page:
            settle(page)
            assert page.locator(".question").count() == 0
            assert MARK not in page.content()


def test_a_stranger_is_offered_to_sign_in_and_sees_nothing(
    browser: "Browser", address: str
) -> None:
    with visiting(browser, address, cookie={USER: "forged"}) as page:
        page.get_by_role("button", name="Sign in").wait_for()
        assert page.get_by_role("link", name="Library").count() == 0
