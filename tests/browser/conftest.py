"""Browsers at the door of a real desk. Skipped, saying so, where there is no Chromium or playwright.

Playwright's own loop runs while one of its programs lives, and no other loop can run in that thread
then: so it lives for one module, and every test here is a plain function.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.browser.team import Team, chromium, launching
from tests.e2e.desk import DeskHouse

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

WITHIN = 60_000
"""Milliseconds that a page has for anything: a machine may be busy."""
OpenAs = Callable[..., "api.Page"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this is slow, and needs a browser."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(1200))
            if chromium() is None:
                reason = (
                    "there is no Chromium: none on the PATH, and PLAYWRIGHT_CHROMIUM is not set"
                )
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="module")
def browser() -> Iterator["api.Browser"]:
    with api.sync_playwright() as program:
        started = program.chromium.launch(**launching())
        yield started
        started.close()


@pytest.fixture(scope="session")
def desk() -> Iterator[DeskHouse]:
    """One desk for all tests that do nothing to the desk itself."""
    house = DeskHouse()
    try:
        yield house.start()
    finally:
        house.close()


@pytest.fixture(scope="session")
def team(desk: DeskHouse) -> Iterator[Team]:
    gathered = Team.gathered(desk)
    yield gathered
    gathered.close()


@pytest.fixture
def open_as(browser: "api.Browser", request: pytest.FixtureRequest) -> Iterator[OpenAs]:
    """Open a page as somebody of a team: `open_as(team, "qa", "/", width=360, language="fa-IR")`.

    A script that fails, or anything that the page's policy forbids, fails the test.
    """
    contexts: list[api.BrowserContext] = []
    troubles: list[str] = []

    def heard(message: "api.ConsoleMessage") -> None:
        if "Content Security Policy" in message.text:
            troubles.append(message.text)

    def opened(
        team: Team,
        role: str | None,
        path: str = "/",
        *,
        width: int = 1280,
        language: str = "en-GB",
        zone: str = "UTC",
        theme: str = "light",
        cookies: list[dict[str, Any]] | None = None,
    ) -> "api.Page":
        context = browser.new_context(
            viewport={"width": width, "height": 780},
            locale=language,
            timezone_id=zone,
            color_scheme=theme,
            has_touch=width < 600,
            base_url=team.address,
        )
        contexts.append(context)
        context.set_default_timeout(WITHIN)
        if cookies or role:
            context.add_cookies(cookies or team.sessions[role or ""])
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", heard)
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def own_team(request: pytest.FixtureRequest) -> Iterator[Team]:
    """A desk of this test's own, at a port that it keeps when it is started again, with two people."""
    from tests.servers import free_port

    house = DeskHouse(port=free_port())
    gathered: Team | None = None
    try:
        house.start()
        gathered = Team.gathered(house, ("devops", "qa"))
        yield gathered
    finally:
        house.close()
        if gathered:
            gathered.close()
