"""A server with data, a browser, and the rules that hold in every browser test.

Fixtures: `server` (a real `millrace up` with two datasets, one per test process), `world` (that
server after the loop has gone round), `page` (signed in, English, light), `visit` (make more
pages: language, theme, another browser), `watch` (what went wrong in the pages so far;
`watch.allow("409")` lets an expected complaint pass).
Whatever a page logs as an error, every breach of the policy, every exception in it and every
request to another origin fails the test. `axe(page)` returns what is not accessible.
Skipped, saying why, where Chromium or the built app is missing.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from millrace.faces.web.assets import STATIC
from tests.support.browser import Watch, launch, new_page, sign_in
from tests.support.server import Server, seed, start
from tests.web.world import furnish

ROOT = Path(__file__).parents[2]
FAILED = ROOT / "screens" / "failed"


class Visit(Protocol):
    """Makes one more page, in a browser profile of its own."""

    def __call__(
        self,
        path: str = "/",
        *,
        language: str = "en",
        theme: str = "light",
        signed_in: bool = True,
        of: Server | None = None,
        **options: Any,
    ) -> Any: ...


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium; skips loudly without it."""
    pytest.importorskip("playwright", reason="the package 'playwright' is not installed")
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("there is no Chromium (apt-get install chromium): the browser is not tested")
    return found


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built app; skips loudly when it is not built."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the web app is not built (make web): it is not tested")
    return STATIC


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with the datasets 'tickets' and 'houses'; one per test process."""
    found = start(tmp_path_factory.mktemp("web") / "ws")
    try:
        seed(found)
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="session")
def world(server: Server) -> Server:
    """The same server after the loop has gone round: model 'parcels' and all that belongs to it."""
    furnish(server)
    return server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """An empty server for one test that kills, restarts or counts."""
    found = start(tmp_path / "ws")
    try:
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """A browser that ends with this folder: Playwright keeps a loop running while it lives."""
    with launch(chromium) as found:
        yield found


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """What went wrong in the pages of this test; it has to be nothing."""
    found = Watch()
    yield found
    if getattr(request.node, "failed_in_call", False):
        found.picture(FAILED, request.node.name)
    found.close()
    assert found.faults == []


@pytest.fixture
def visit(browser: Any, server: Server, watch: Watch, built: Path) -> Visit:
    """Make pages."""
    del built

    def make(
        path: str = "/",
        *,
        language: str = "en",
        theme: str = "light",
        signed_in: bool = True,
        of: Server | None = None,
        **options: Any,
    ) -> Any:
        where = of or server
        page = new_page(browser, watch, where.url, language=language, theme=theme, **options)
        if signed_in:
            sign_in(page, where)
        page.goto(where.url + path)
        return page

    return make


@pytest.fixture
def page(visit: Visit) -> Any:
    """A signed-in page at the start of the app."""
    return visit()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # the report passes through
    report: Any = yield
    if report.when == "call" and report.failed:
        item.failed_in_call = True  # type: ignore[attr-defined]  # read by `watch`
    return report


Axe = Callable[..., list[str]]


@pytest.fixture(scope="session")
def axe() -> Axe:
    """Return the rules of WCAG 2.2 A and AA that a page breaks, with where."""
    from tests.support.browser import violations

    source = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("axe-core is not installed (make web): accessibility is not tested")
    text = source.read_text(encoding="utf-8")
    return lambda page, *rules: violations(page, text, *rules)
