"""How many PDFs give text: each reader alone, and ours without and with recognition.

    pip install -e '.[benchmark]'
    python -m benchmarks.pdf_readers FOLDER [--files]

Every file is read in a process of its own, with a limit of 20 seconds and 120 for ours. A file
counts if any character of its text is not white space. Prints the counts, what became of the
files as we read them, the slowest ten, and with `--files` the files where another reader
finds text and we do not.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from time import perf_counter

OURS = ("ours without recognition", "ours")
SECONDS = {"ours": 120, "ours without recognition": 120}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reader made of a file."""

    characters: int
    reason: str
    seconds: float


def with_pypdf(path: Path) -> tuple[str, str]:
    """The text of all pages that pypdf can read."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted:
        reader.decrypt("")
    return "".join(readable(lambda page=page: page.extract_text()) for page in reader.pages), ""


def with_pdfium(path: Path) -> tuple[str, str]:
    """The text of all pages that PDFium can read."""
    from pypdfium2 import PdfDocument

    file = PdfDocument(path)
    pages = range(len(file))
    return "".join(
        readable(lambda at=at: file[at].get_textpage().get_text_range()) for at in pages
    ), ""


def readable(read: Callable[[], str]) -> str:
    """A page's text, none if the reader fails on it."""
    try:
        return read()
    except Exception:
        logging.debug("page failed", exc_info=True)
        return ""


def with_pdfminer(path: Path) -> tuple[str, str]:
    """The text by pdfminer.six's own recipe."""
    from pdfminer.high_level import extract_text

    return extract_text(BytesIO(path.read_bytes())), ""


def with_ours(path: Path) -> tuple[str, str]:
    """The text and what we say is missing."""
    from ingest.loading.load import load

    document = load(path)
    return document.text, document.missing


def without_recognition(path: Path) -> tuple[str, str]:
    """The same on a machine without tesseract."""
    os.environ["PATH"] = str(Path(sys.executable).parent)
    return with_ours(path)


READERS: dict[str, Callable[[Path], tuple[str, str]]] = {
    "pypdf": with_pypdf,
    "pypdfium2": with_pdfium,
    "pdfminer.six": with_pdfminer,
    "ours without recognition": without_recognition,
    "ours": with_ours,
}


def read_here(reader: str, path: Path) -> Outcome:
    """The outcome, in this process."""
    logging.disable()
    begun = perf_counter()
    try:
        text, reason = READERS[reader](path)
    except Exception as error:  # noqa: BLE001
        text, reason = "", f"{type(error).__name__}: {error}".replace(f"{path}: ", "")
    visible = sum(not char.isspace() for char in text)
    return Outcome(visible, reason, perf_counter() - begun)


def read_apart(reader: str, path: Path) -> Outcome:
    """The outcome, in a process of its own."""
    seconds = SECONDS.get(reader, 20)
    command = [sys.executable, "-m", "benchmarks.pdf_readers", str(path), "--reader", reader]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=True)
    except subprocess.TimeoutExpired:
        return Outcome(0, f"took over {seconds} seconds", seconds)
    except subprocess.CalledProcessError as error:
        return Outcome(0, f"the process ended with {error.returncode}", 0.0)
    return Outcome(**json.loads(done.stdout))


def cause(outcome: Outcome) -> str:
    """What became of a file, in the words it begins with."""
    if outcome.characters:
        return "partial" if outcome.reason else "read whole"
    kind, _, reason = outcome.reason.partition(": ")
    return f"{'skipped' if kind == 'SkippedFile' else 'failed'}: {reason[:60] or kind}"


def report(outcomes: dict[str, dict[Path, Outcome]], *, files: bool) -> None:
    """Print the tables."""
    print(f"{'reader':28}{'with text':>10}{'seconds':>9}")
    for reader, found in outcomes.items():
        count = sum(outcome.characters > 0 for outcome in found.values())
        print(f"{reader:28}{count:>10}{sum(o.seconds for o in found.values()):>9.0f}")
    for ours in OURS:
        print(f"\n{ours}:")
        causes = Counter(map(cause, outcomes[ours].values()))
        for reason, count in causes.most_common():
            print(f"{count:>5}  {reason}")
    print("\nslowest of ours:")
    slow = sorted(outcomes["ours"].items(), key=lambda item: -item[1].seconds)
    for path, outcome in slow[:10]:
        print(f"{outcome.seconds:>7.1f} s  {path.name}")
    if files:
        print("\nread by others, not by ours:")
        for path, outcome in outcomes["ours without recognition"].items():
            others = {r: o[path].characters for r, o in outcomes.items() if r not in OURS}
            if not outcome.characters and any(others.values()):
                print(f"  {path.name}: {others}; {outcome.reason}")


def main() -> None:
    """Read all files by all readers, and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("path", type=Path, help="folder of PDFs")
    parser.add_argument("--files", action="store_true", help="name files others read and we do not")
    parser.add_argument("--reader", choices=READERS, help="read one file here; print JSON")
    parser.add_argument("--save", type=Path, help="write every outcome to this file")
    arguments = parser.parse_args()
    if arguments.reader:
        print(json.dumps(asdict(read_here(arguments.reader, arguments.path))))
        return
    paths = sorted(arguments.path.glob("*.pdf"))
    with ThreadPoolExecutor(2) as pool:
        outcomes = {
            reader: dict(
                zip(paths, pool.map(lambda p, r=reader: read_apart(r, p), paths), strict=True)
            )
            for reader in READERS
        }
    report(outcomes, files=arguments.files)
    if arguments.save:
        rows = [[p.name, r, asdict(o)] for r, found in outcomes.items() for p, o in found.items()]
        arguments.save.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
