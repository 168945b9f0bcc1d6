"""Every page can be used by those who do not see it, or who have no mouse."""

from typing import TYPE_CHECKING

import pytest

from tests import axe
from tests.browser import DESKTOP, PHONE
from tests.every_page import EVERY_PAGE, LOOKUP, come_to
from tests.visitor import answered, settle

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Page

sync_api = pytest.importorskip("playwright.sync_api")
Looks = tuple[tuple[str, tuple[int, int], tuple[str, ...]], ...]
# What is scrolled out of sight has no colours to be judged: all of a page must be in sight.
TALL = 4_000
COLOURS = ("color-contrast",)
ALL: tuple[str, ...] = ()
# Pages that have little in common; the others wait for `make test-slow`.
UNLIKE = {"sources", "library", "settings", "tokens"}
SLOW = pytest.mark.slow
WIDE = (("light", DESKTOP, ALL), ("dark", DESKTOP, COLOURS))
NARROW = (("dark", PHONE, ALL), ("light", PHONE, COLOURS))
needs_axe = pytest.mark.skipif(
    not axe.is_here(), reason=f"no {axe.SCRIPT}; `make axe` fetches it, with npm"
)
# The element that has the keyboard, and those around it that may show it on its behalf.
FRAME = """element => {
    const frames = [];
    for (let e = element, n = 0; e && n < 4; e = e.parentElement, n++) {
        const style = getComputedStyle(e);
        frames.push(style.outlineStyle, style.outlineWidth, style.boxShadow);
    }
    return frames.join();
}"""
TAG = "element => element.cloneNode(false).outerHTML"


# Every page


@needs_axe
@pytest.mark.parametrize(
    "looks", [pytest.param(WIDE, id="wide"), pytest.param(NARROW, id="phone", marks=SLOW)]
)
@pytest.mark.parametrize(
    "name", [name if name in UNLIKE else pytest.param(name, marks=SLOW) for name in EVERY_PAGE]
)
def test_no_page_breaks_a_grave_rule(page: "Page", name: str, looks: Looks) -> None:
    come_to(page, name)
    page.evaluate(axe.SCRIPT.read_text(encoding="utf-8"))
    for scheme, (width, _), rules in looks:
        page.set_viewport_size({"width": width, "height": TALL})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        settle(page)
        assert broken(page, rules) == [], f"{scheme}, {width} pixels wide"


def broken(page: "Page", rules: tuple[str, ...]) -> list[axe.Violation]:
    """What breaks those rules, or any."""
    options: dict[str, object] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    return axe.violations(page.evaluate("options => axe.run(document, options)", options))


@needs_axe
def test_the_checker_sees_what_is_wrong(page: "Page") -> None:
    page.evaluate(axe.SCRIPT.read_text(encoding="utf-8"))
    page.locator(".heading p").evaluate("line => line.style.opacity = 0.3")
    page.locator(".heading").evaluate("it => it.insertAdjacentHTML('beforeend', '<img src=\"\">')")
    assert {found.rule for found in broken(page, ALL)} == {"color-contrast", "image-alt"}


# By keyboard alone


def test_the_keyboard_alone_leads_from_a_question_to_the_page_of_its_source(page: "Page") -> None:
    settle(page)
    tab_to(page, "textarea")
    page.keyboard.type(LOOKUP)
    page.keyboard.press("Enter")
    answer = answered(page, 0)
    tab_to(page, ".answer a.number")
    page.keyboard.press("Enter")
    sync_api.expect(answer.locator("mark").first).to_be_in_viewport()
    tab_to(page, ".source summary")
    page.keyboard.press("Enter")
    sync_api.expect(answer.locator("blockquote").first).to_be_hidden()
    page.keyboard.press("Enter")
    sync_api.expect(answer.locator("blockquote").first).to_be_visible()
    tab_to(page, "[class*=st-key-show-page-] button")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    sync_api.expect(dialog.locator(".page-picture img")).to_be_visible()
    settle(page)
    tab_to(page, "[role=dialog] button")
    page.keyboard.press("Escape")
    sync_api.expect(dialog).to_have_count(0)
    sync_api.expect(answer.locator("[class*=st-key-show-page-] button").first).to_be_focused()


def tab_to(page: "Page", selector: str, *, most: int = 40) -> None:
    """Press Tab until such an element has the keyboard; each one on the way has to show it."""
    for _ in range(most):
        before = focused(page)
        shown = before.evaluate(FRAME)
        page.keyboard.press("Tab")
        page.wait_for_timeout(200)  # rings fade in and out
        # What scripts alone can give the keyboard, as a dialog that opens, need not show it.
        assert before.evaluate("e => e.tabIndex < 0") or before.evaluate(FRAME) != shown, (
            f"nothing shows that this has the keyboard: {before.evaluate(TAG)}"
        )
        if focused(page).evaluate("(e, wanted) => e.matches(wanted)", selector):
            return
    pytest.fail(f"{most} times Tab do not lead to {selector}")


def focused(page: "Page") -> "ElementHandle":
    """The element that has the keyboard."""
    found = page.evaluate_handle("document.activeElement").as_element()
    assert found is not None
    return found
