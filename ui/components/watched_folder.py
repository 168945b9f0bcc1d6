"""HTML of a folder that the library mirrors: what it holds, and how watching it goes."""

from dataclasses import replace
from datetime import datetime

from ingest.roots import Root
from ui.components.blocks import day_and_time, file_name, plain
from ui.components.run_progress import report_words
from ui.jobs.folder_watch import Watched
from ui.languages.fixed_words import in_words
from ui.languages.language import gettext


def folder_html(root: Root, watched: Watched | None, *, holds: str, now: datetime) -> str:
    """A folder's name and path, and what is new of it.

    Args:
        root: The folder.
        watched: How watching it goes, if it is watched.
        holds: How much of the library is in it, in words.
        now: The moment.
    """
    words = status_words(root, watched, now)
    kind = "reason wrong" if watched is not None and watched.error else "reason"
    return (
        f'<div class="folder"><span class="name">{plain(file_name(root.shown))}</span>'
        f'<span class="path">{plain(root.key)} · {plain(holds)}</span>'
        f'<span class="{kind}">{plain(words)}</span></div>'
    )


def status_words(root: Root, watched: Watched | None, now: datetime) -> str:
    """When it was last looked at, and what changed."""
    if root.away:
        empty, gone = gettext("This folder is empty now."), gettext("This folder is not there now.")
        kept = gettext("Its documents are kept; stop following it to remove them.")
        return f"{empty if root.path.is_dir() else gone} {kept}"
    if watched is None:
        return gettext("Its changes are taken up when it is looked at again.")
    if watched.error:
        return in_words(watched.error)
    if watched.busy:
        return gettext("Taking up changes …")
    if watched.looked is None:
        return gettext("Looking for changes …")
    looked = day_and_time(watched.looked, now)
    if watched.changed is None or watched.report is None:
        return gettext("Watched. Last looked: {looked}.").format(looked=looked)
    changed = day_and_time(watched.changed, now)
    news = report_words(replace(watched.report, unchanged=0))
    words = gettext("Watched. Last looked: {looked}. Last change: {changed}; {news}.")
    return words.format(looked=looked, changed=changed, news=news)
