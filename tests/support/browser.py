"""A browser for tests, benchmarks and screenshots, and a watch over what its pages do."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.server import Server

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--no-first-run"),
)
LOCALES = {"en": "en-GB", "ru": "ru-RU"}
PATIENCE = 30_000  # a loaded machine is no fault of the app [ms]
REPORT_BREACHES = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI}`);
});
"""
AXE_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@dataclass
class Watch:
    """Collects what pages complain of."""

    said: list[str] = field(default_factory=list[str])
    allowed: list[re.Pattern[str]] = field(default_factory=list[re.Pattern[str]])
    contexts: list[Any] = field(default_factory=list[Any])

    def allow(self, *patterns: str) -> None:
        """Let complaints pass that have one of these in them."""
        self.allowed += [re.compile(pattern) for pattern in patterns]

    @property
    def faults(self) -> list[str]:
        """Return every complaint that nobody expected."""
        return [line for line in self.said if not any(one.search(line) for one in self.allowed)]

    def add(self, line: str) -> None:
        self.said.append(line)

    def follow(self, page: Any, origin: str) -> None:
        """Hear a page's errors and see its requests."""

        def asked(request: Any) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in {"data", "blob", "about"}:
                return
            if f"{parts.scheme}://{parts.netloc}" != origin:
                self.add(f"request to another origin: {request.url[:200]}")

        def told(message: Any) -> None:
            if message.type == "error":
                self.add(f"console: {message.text[:500]} ({message.location.get('url', '')})")

        page.on("request", asked)
        page.on("websocket", lambda socket: asked(socket) if origin[4:] not in socket.url else None)
        page.on("console", told)
        page.on("pageerror", lambda error: self.add(f"exception: {str(error)[:500]}"))
        page.on("crash", lambda _: self.add("the page crashed"))

    def picture(self, folder: Path, name: str) -> None:
        """Keep what every open page shows."""
        folder.mkdir(parents=True, exist_ok=True)
        plain = re.sub(r"[^\w.-]+", "-", name)[:100]
        pages = [page for context in self.contexts for page in context.pages]
        for number, page in enumerate(pages):
            page.screenshot(path=folder / f"{plain}-{number}.png")

    def close(self) -> None:
        """Close every page."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@contextmanager
def launch(path: str) -> Iterator[Any]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def new_page(
    browser: Any,
    watch: Watch,
    origin: str,
    *,
    language: str = "en",
    theme: str = "light",
    **options: Any,
) -> Any:
    """Open an empty page in a profile of its own; the watch follows it."""
    context = browser.new_context(
        locale=LOCALES[language],
        color_scheme=theme,
        viewport=options.pop("viewport", {"width": 1280, "height": 800}),
        reduced_motion=options.pop("reduced_motion", "reduce"),
        **options,
    )
    context.set_default_timeout(PATIENCE)
    context.add_init_script(REPORT_BREACHES)
    context.on("page", lambda page: watch.follow(page, origin))
    watch.contexts.append(context)
    return context.new_page()


def sign_in(page: Any, server: Server) -> None:
    """Give a page's profile the cookie of a session, as the start address would."""
    from millrace.faces.api.gate import COOKIE

    page.context.add_cookies(
        [
            {
                "name": COOKIE,
                "value": server.token,
                "url": server.url,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


def violations(page: Any, axe: str, *rules: str) -> list[str]:
    """Run axe-core on a page, all of WCAG 2.2 AA or some rules; return a line for each breach."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_RULES}
    found = page.evaluate(
        "(runOnly) => axe.run(document, {runOnly, resultTypes: ['violations']})", only
    )
    return [
        f"{rule['id']}: {rule['help']} at {node['target']}: {node.get('failureSummary', '')[:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def until(page: Any, function: str, arg: Any = None, timeout: float = PATIENCE) -> None:
    """Wait until a function in the page gives something true.

    Playwright's own wait polls inside the page by `eval`, which the policy refuses.
    """
    end = time.monotonic() + timeout / 1000
    while not page.evaluate(function, arg):
        assert time.monotonic() < end, f"this never came true: {function}"
        page.wait_for_timeout(50)
