"""Subtitles (WebVTT, SubRip): what is said, in paragraphs that begin with their time."""

import re
from collections.abc import Iterator
from html import unescape

from ingest.loading.extracted import Extracted, TextBuilder
from ingest.loading.markup.text import decode

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{2})[.,]\d{1,3}"
_TIMES = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}.*$")
_VOICE = re.compile(r"<v[^\s>]*[ \t]+([^>]+)>")
_TAG = re.compile(r"</?[a-zA-Z0-9][^>]*>|\{\\[^}]*\}")
_LONGEST = 600  # characters of a paragraph
_PAUSE = 4  # seconds after which something new is said

Cue = tuple[int, int, str, str]  # start and end in seconds, who speaks, what is said


def extract(data: bytes) -> Extracted:
    """The cues joined while one person goes on speaking; a file without cues as it stands."""
    builder = TextBuilder()
    written = decode(data)
    said = ""
    speaker, end = "", 0
    for start, until, voice, text in _cues(written):
        if said and (voice != speaker or start - end > _PAUSE or len(said) > _LONGEST):
            builder.paragraph(said)
            said = ""
        if said:
            said += f" {text}"
        else:
            said = f"[{_shown(start)}] " + (f"{voice}: " if voice else "") + text
        speaker, end = voice, until
    builder.paragraph(said)
    built = builder.build()
    return built if built.text else Extracted(written)


def _cues(text: str) -> Iterator[Cue]:
    times: tuple[int, int] | None = None
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if found := _TIMES.match(line):
            times = _seconds(found.groups()[:3]), _seconds(found.groups()[3:])
            lines = []
        elif line.strip() and times:
            lines.append(line)
        elif times:
            joined = " ".join(lines)
            voice = _VOICE.search(joined)
            said = " ".join(unescape(_TAG.sub("", joined)).split())
            if said:
                yield *times, voice[1].strip() if voice else "", said
            times = None


def _seconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds = (int(part or 0) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


def _shown(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
