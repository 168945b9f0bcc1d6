"""Five people ask at once, each about something else, while documents are being added."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import serving, visiting
from tests.visitor import add_folder, answered, go, send, settle, told

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api")

# A place each, with the name of its keeper, its length and the year in which it was built.
PLACES = {
    "lighthouse": ("Ottoline", "41", "1857"),
    "brewery": ("Barnaby", "68", "1911"),
    "windmill": ("Clementine", "23", "1764"),
    "observatory": ("Leopold", "35", "1932"),
    "tannery": ("Philippa", "52", "1889"),
}
FILES, WORDS = 60, 400


def text_about(place: str) -> str:
    """What there is to know of a place."""
    keeper, length, year = PLACES[place]
    return (
        f"The keeper of the {place} is called {keeper}.\n\n"
        f"The {place} is {length} metres long.\n\nThe {place} was built in {year}.\n"
    )


def asked_about(place: str) -> dict[str, str]:
    """Three questions with a word of each answer; not in the same order for every place."""
    keeper, length, year = PLACES[place]
    questions = {
        f"What is the keeper of the {place} called?": keeper,
        f"How many metres long is the {place}?": length,
        f"In which year was the {place} built?": year,
    }
    first = [*PLACES].index(place) % len(questions)
    ordered = [*questions.items()]
    return dict(ordered[first:] + ordered[:first])


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Where a library of the five places is served."""
    folder = tmp_path / "places"
    folder.mkdir()
    for place in PLACES:
        (folder / f"{place}.txt").write_text(text_about(place))
    with serving(tmp_path, folder) as served:
        yield served


@pytest.fixture
def more(tmp_path: Path) -> Path:
    """A folder of files that say nothing of them."""
    draw = random.Random(0)
    folder = tmp_path / "more"
    folder.mkdir()
    for number in range(FILES):
        words = draw.choices("rope sail mast oar keel tide berth buoy crew deck".split(), k=WORDS)
        (folder / f"{number:02}.txt").write_text(f"Report {number}. {' '.join(words)}.\n")
    return folder


@pytest.mark.slow
def test_nobody_gets_the_answer_of_another(browser: "Browser", address: str, more: Path) -> None:
    with ExitStack() as visitors:
        librarian = visitors.enter_context(visiting(browser, address))
        pages = {place: visitors.enter_context(visiting(browser, address)) for place in PLACES}
        add_folder(librarian, more)
        librarian.get_by_role("progressbar", name="Files read").wait_for()
        for turn in range(3):
            for place, page in pages.items():
                send(page, [*asked_about(place)][turn])
            for place, page in pages.items():
                word = [*asked_about(place).values()][turn]
                assert word in told(answered(page, turn))
        for place, page in pages.items():
            check(page, place)
        librarian.get_by_text(f"{FILES} added").wait_for()
        sync_api.expect(librarian.locator("table.documents tbody tr")).to_have_count(
            FILES + len(PLACES)
        )
        go(librarian, "Conversations")
        sync_api.expect(librarian.locator(".headline", has_text="3 questions")).to_have_count(5)
        assert len({page.url for page in pages.values()}) == len(pages)


def check(page: "Page", place: str) -> None:
    """The page has its own questions with their answers, and no word of another's."""
    settle(page)
    asked = asked_about(place)
    assert page.locator(".notice.error").count() == 0
    assert page.locator(".question p").all_inner_texts() == [*asked]
    told_ = page.locator(".answer").all_inner_texts()
    assert all(word in text for word, text in zip(asked.values(), told_, strict=True))
    others = [fact for other in PLACES if other != place for fact in PLACES[other]]
    assert [fact for fact in others if fact in " ".join(told_)] == []
