"""The checker of accessibility that the browser tests run in every page.

    python -m tests.axe

fetches it into a folder of the checkout, with npm; without it the tests skip.
"""

import sys
import tarfile
from dataclasses import dataclass
from hashlib import sha512
from pathlib import Path
from shutil import which
from subprocess import DEVNULL, run
from tempfile import TemporaryDirectory
from typing import Any

VERSION = "4.14.1"
PACKAGE = f"axe-core@{VERSION}"
SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)
SCRIPT = Path(__file__).parent.parent / ".axe" / "axe.min.js"
GRAVE = ("serious", "critical")


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that an element of a page breaks.

    Attributes:
        rule: Its name.
        impact: One of `GRAVE`.
        element: A selector.
        why: What is wrong and would mend it.
    """

    rule: str
    impact: str
    element: str
    why: str


def is_here() -> bool:
    """Whether the script has been fetched, in the version that is wanted."""
    return SCRIPT.exists() and f"axe v{VERSION}" in SCRIPT.read_text(encoding="utf-8")[:100]


def violations(found: dict[str, Any]) -> list[Violation]:
    """The grave ones of what `axe.run` returned."""
    return [
        Violation(
            rule["id"], rule["impact"], " ".join(map(str, node["target"])), node["failureSummary"]
        )
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def fetch() -> None:
    """Put the script where the tests look for it; one line and exit 1 where that fails."""
    npm = which("npm")
    if npm is None:
        sys.exit("npm is not on this machine: the tests of accessibility will be skipped")
    with TemporaryDirectory() as scratch:
        pack = [npm, "pack", "--loglevel=error", "--fetch-retries=1", PACKAGE]
        done = run(pack, cwd=scratch, check=False, stdout=DEVNULL)
        packed = next(Path(scratch).glob("*.tgz"), None)
        if done.returncode or packed is None:
            sys.exit(f"npm could not fetch {PACKAGE}: the tests of accessibility will be skipped")
        if sha512(packed.read_bytes()).hexdigest() != SHA512:
            sys.exit(f"what npm fetched is not the {PACKAGE} that is known; it is not used")
        with tarfile.open(packed) as archive:
            script = archive.extractfile("package/axe.min.js")
            assert script is not None
            SCRIPT.parent.mkdir(exist_ok=True)
            SCRIPT.write_bytes(script.read())


if __name__ == "__main__":
    if not is_here():
        fetch()
