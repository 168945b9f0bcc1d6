"""A picture of every page, at a desk and on a phone, in light and in dark.

    python -m benchmarks.photographs FOLDER [PAGE ...]

Of the samples, over a server of its own. The pages are those of `tests.every_page`. Each
picture is as high as its page, so that all of it is seen. It stands beside the measurements
since it is run as they are, by hand, in a checkout, and looked at.
"""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import DESKTOP, PHONE, browsing, serving, visiting
from tests.every_page import EVERY_PAGE, come_to
from tests.visitor import settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

HIGHEST = 2_400  # pixels
# What does not fit into the part of the page that scrolls.
BELOW = "[...document.querySelectorAll('.stMain')].map(e => e.scrollHeight - e.clientHeight)[0]"


def photograph(page: "Page", folder: Path, name: str, size: tuple[int, int]) -> None:
    """Both pictures of a page of that size."""
    width, height = size
    height = min(height + int(page.evaluate(BELOW)), HIGHEST)
    page.set_viewport_size({"width": width, "height": height})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        settle(page)
        page.wait_for_timeout(500)  # colours fade
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")


def main() -> None:
    """Fill the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=", ".join(EVERY_PAGE))
    arguments = parser.parse_args()
    if strange := set(arguments.pages) - set(EVERY_PAGE):
        parser.error(f"no page {', '.join(sorted(strange))}; there are {', '.join(EVERY_PAGE)}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        serving(Path(scratch)) as address,
        browsing() as browser,
    ):
        for name in arguments.pages or EVERY_PAGE:
            for size in (DESKTOP, PHONE):
                with visiting(browser, address, size) as page:
                    come_to(page, name)
                    photograph(page, arguments.folder, name, size)
            print(name, flush=True)


if __name__ == "__main__":
    main()
