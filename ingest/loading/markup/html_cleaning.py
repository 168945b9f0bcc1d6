"""What of an HTML page is read: the page without scripts, controls and site furniture."""

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_UNSEEN = (
    "title", "script", "style", "template", "noscript", "iframe", "object", "svg",
    "button", "select", "textarea",
)  # fmt: skip
_FURNITURE = ("header", "footer", "aside")
_OF_ARTICLES = {"article", "main"}
_LONGEST_MENU = 8  # items of a list of links that may say something
_LEAST_LEFT = 0.2  # of the text of a page, once its furniture is put aside
_PREFIX = re.compile(r"xmlns:(\w+)\s*=\s*[\"']http://www\.w3\.org/1999/xhtml[\"']")
_DECLARED_WITHIN = 4096  # characters

ByName = dict[str, list["Tag"]]


def visible(text: str) -> "tuple[Tag, str]":
    """The part of a page that a reader reads, and the page's title."""
    soup = _parsed(text)
    tags: ByName = defaultdict(list)
    for tag in soup(True):
        tags[tag.name].append(tag)
        if tag.has_attr("hidden"):
            tags["hidden"].append(tag)
    titles = (tag for tag in tags["title"] if not _is_in(tag, {"svg"}))
    title = next((tag.get_text() for tag in titles), "")
    root = soup.body or soup
    for tag in _named(tags, (*_UNSEEN, "hidden")):
        tag.extract()
    for tag in tags["br"]:
        tag.replace_with("\n")
    for tag in tags["math"]:
        if formula := tag.find("annotation"):
            tag.replace_with(formula.get_text())
    for frame in _named(tags, _FURNITURE):
        for menu in filter(_is_menu, frame(["ul", "ol"])):
            menu.extract()
    _put_aside(root, tags, ("nav",), least=0)
    _put_aside(root, tags, _FURNITURE, least=_LEAST_LEFT)
    return root, " ".join(title.split())


def _parsed(text: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup

    if prefix := _PREFIX.search(text[:_DECLARED_WITHIN]):
        text = re.sub(rf"<(/?){prefix[1]}:", r"<\1", text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses about what else the file might be
        return BeautifulSoup(text, "lxml")


def _put_aside(root: "Tag", tags: ByName, names: tuple[str, ...], *, least: float) -> None:
    """Take out what frames the page, unless almost all of its text stands there.

    Inside an article headers and footers belong to it.
    """
    frames = [
        tag
        for tag in _named(tags, names)
        if any(above is root for above in tag.parents)
        and (tag.name == "nav" or not _is_in(tag, _OF_ARTICLES))
    ]
    if not frames:
        return
    whole = len(root.get_text(strip=True))
    outermost = [tag for tag in frames if not _is_in(tag, names)]
    left = whole - sum(len(tag.get_text(strip=True)) for tag in outermost)
    if left > whole * least:
        for tag in frames:
            tag.extract()


def _named(tags: ByName, names: Iterable[str]) -> Iterator["Tag"]:
    return (tag for name in names for tag in tags[name])


def _is_in(tag: "Tag", names: Iterable[str]) -> bool:
    return any(above.name in names for above in tag.parents)


def _is_menu(items: "Tag") -> bool:
    """Whether it is a long list of nothing but links, such as the languages of a page."""
    linked = sum(len(link.get_text(strip=True)) for link in items("a"))
    return len(items("li")) > _LONGEST_MENU and linked >= len(items.get_text(strip=True))
