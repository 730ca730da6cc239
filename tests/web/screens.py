"""Take a picture of every screen, in both languages and themes, into `screens/`.

    python -m tests.web.screens [--only data] [--server http://... --token ...]

The screens are those that the app's own navigation leads to, and what is named in EXTRA.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.browser import Watch, launch, new_page, sign_in
from tests.support.server import Server, seed, start
from tests.web.world import furnish

FOLDER = Path(__file__).parents[2] / "screens"
EXTRA = (
    "/data/tickets",
    "/data/tickets?tab=columns",
    "/data/tickets?tab=quality",
    "/data/tickets?tab=lineage",
    "/label/parcels?tab=label",
    "/runs?q=by+hand&metrics=loss,auc&show=last,min,max",
    "/activity?state=done",
    "/models/parcels?v=1",
    "/models/parcels?v=1&tab=evaluation",
    "/models/parcels?v=1&tab=explanation",
    "/models/parcels?v=2&tab=promote",
    "/models/parcels?v=1&tab=card",
    "/deploy/parcels",
    "/deploy/parcels?tab=log",
    "/monitor/parcels",
    "/monitor?tab=alerts",
    "/settings?tab=config",
    "/op/dataset.split",
    "/no/such/screen",
)
LOADER = "[class*=Loader-root]"
SIZES = {"wide": (1440, 900), "narrow": (820, 1000)}


@contextmanager
def running(given: argparse.Namespace) -> Iterator[Server]:
    """Give the server that was named, or one with sample data."""
    if given.server:
        yield Server(None, given.server, given.token, Path())  # type: ignore[arg-type]  # not ours
        return
    with tempfile.TemporaryDirectory() as folder:
        found = start(Path(folder) / "ws")
        try:
            seed(found)
            furnish(found)
            found.call("flows.check_drift", force=True)
            yield found
        finally:
            found.stop()


def addresses(page: Any, server: Server) -> list[str]:
    """Return the addresses that the navigation leads to, and some more."""
    links = page.locator("nav a[href]").evaluate_all("all => all.map((one) => one.href)")
    found = [urlsplit(link).path for link in links if link.startswith(server.url)]
    return list(dict.fromkeys(["/", *found, *EXTRA]))


def shoot(page: Any, server: Server, path: str, target: Path) -> None:
    """Open a screen, wait until it is at rest, and keep it."""
    page.goto(server.url + path)
    page.get_by_role("navigation").first.wait_for()
    page.locator("[role=status]", has=page.locator(LOADER)).last.wait_for(state="detached")
    page.wait_for_timeout(700)
    page.screenshot(path=target)


def main() -> int:
    """Take the pictures; print what the pages complained of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only addresses with this in")
    parser.add_argument("--server", default="", help="a server that runs already")
    parser.add_argument("--token", default="", help="its token")
    given = parser.parse_args()
    path = shutil.which("chromium")
    if path is None:
        print("This needs Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    watch, count = Watch(), 0
    with running(given) as server, launch(path) as browser:
        for language in ("en", "ru"):
            for theme in ("light", "dark"):
                for name, (width, height) in SIZES.items():
                    if name == "narrow" and (language, theme) != ("en", "light"):
                        continue
                    view = {"width": width, "height": height}
                    page = new_page(
                        browser, watch, server.url, language=language, theme=theme, viewport=view
                    )
                    sign_in(page, server)
                    page.goto(server.url)
                    page.get_by_role("navigation").first.wait_for()
                    for address in addresses(page, server):
                        if given.only in address:
                            title = re.sub(r"[^\w.]+", "-", address).strip("-") or "home"
                            target = FOLDER / f"{title}.{language}.{theme}.{name}.png"
                            shoot(page, server, address, target)
                            count += 1
                    watch.close()
    for line in dict.fromkeys(watch.faults):
        print(line)
    print(f"{count} pictures in {FOLDER}")
    return 1 if watch.faults else 0


if __name__ == "__main__":
    sys.exit(main())
