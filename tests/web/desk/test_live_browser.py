"""Pages that live in a real browser: what a reader sees, keeps and is told while the desk changes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from tests.plans import a_release
from tests.web.desk.listening import TOKEN, Served, listening

from gonogo.domain.audit import AuditDraft
from gonogo.domain.release import Stage
from gonogo.ports.store import Change

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium here"),
]
playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator["playwright.Browser"]:
    async with playwright.async_playwright() as play:
        started = await play.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def served() -> AsyncIterator[Served]:
    async with listening() as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: "playwright.Browser") -> AsyncIterator["playwright.Page"]:
    context = await browser.new_context(extra_http_headers={"Authorization": f"Bearer {TOKEN}"})
    opened = await context.new_page()
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(str(error)))
    opened.set_default_timeout(60_000)
    yield opened
    assert opened.troubles == []
    await context.close()


def address(served: Served, query: str = "") -> str:
    return f"http://127.0.0.1:{served.port}/{query}"


async def live(page: "playwright.Page") -> None:
    await page.wait_for_selector("#heartbeat[data-state=live]")


async def going(served: Served, release_id: str, service: str, stage: Stage) -> None:
    """A release comes under way."""
    store, now = served.desk.store, served.desk.clock.now()
    release = a_release(id=release_id, service=service, stage=stage)
    entry = AuditDraft("x", "person:release:start", release_id)
    stored = await store.open(release, entry, ())
    lease = await store.claim(release_id, "here", now, now + timedelta(days=1))
    await store.record(Change(stored, lease, entry))


async def test_what_is_stored_appears_and_what_the_reader_does_stays(
    served: Served, page: "playwright.Page"
):
    await page.goto(address(served))
    await live(page)
    await page.evaluate("window.notReloaded = true")
    await page.evaluate(
        "document.querySelector('[data-live=services]').insertAdjacentHTML('beforeend',"
        " '<details id=kept data-kept open><summary>more</summary><input id=typed></details>')"
    )
    await page.fill("#filter-service", "bak")
    await served.register("bakehouse")
    await page.wait_for_selector("text=bakehouse")
    assert await page.evaluate("document.activeElement.id") == "filter-service"
    assert await page.input_value("#filter-service") == "bak"
    assert await page.evaluate("window.notReloaded")
    assert page.url.endswith("/?service=bak")
    assert await page.locator("tr[data-row]:visible").count() == 2
    await served.register("cellar")
    await page.wait_for_selector("tr[data-service=cellar]", state="attached")
    assert not await page.locator("tr[data-service=cellar]").is_visible()


async def test_what_waits_for_the_reader_is_lifted_when_it_comes(
    served: Served, page: "playwright.Page"
):
    await page.goto(address(served))
    await live(page)
    await going(served, "r1", "shop", Stage.HELD)
    await page.wait_for_selector("#going-r1")
    assert await page.locator("#mine").is_hidden()
    served.desk.clock.forward(minutes=1)
    await going(served, "r2", "bakery", Stage.NEEDS_PERSON)
    await page.wait_for_selector("#going-r2[data-mine]")
    assert await page.locator(".going > li").first.get_attribute("id") == "going-r2"
    assert await page.locator("#mine b").inner_text() == "1"


async def test_a_desk_that_is_started_again_is_found_and_the_banner_goes(
    served: Served, page: "playwright.Page"
):
    await page.goto(address(served))
    await live(page)
    await served.stop()
    await page.wait_for_selector("#stale:not([hidden])")
    assert "since" in await page.locator("#stale").inner_text()
    await served.register("attic")
    await served.start()
    await page.wait_for_selector("text=attic")
    await page.wait_for_selector("#stale", state="hidden")
    await live(page)


async def test_where_no_websocket_gets_through_the_page_asks_and_says_so(
    served: Served, page: "playwright.Page"
):
    await page.add_init_script(
        "window.WebSocket = class extends EventTarget { static OPEN = 1; readyState = 3;"
        " constructor() { super();"
        " setTimeout(() => this.dispatchEvent(new CloseEvent('close', {code: 1006}))); } close() {} }"
    )
    await page.goto(address(served))
    await page.wait_for_selector("#heartbeat[data-state=polling]")
    assert "every few seconds" in await page.locator("#stale").inner_text()
    await served.register("attic")
    await page.wait_for_selector("text=attic")


async def test_a_paused_page_stands_still_says_so_and_catches_up(
    served: Served, page: "playwright.Page"
):
    await page.goto(address(served))
    await live(page)
    await page.click("#pause")
    await page.wait_for_selector("#heartbeat[data-state=paused]")
    assert "paused" in await page.locator("#stale").inner_text()
    await served.register("attic")
    await page.wait_for_timeout(700)
    assert await page.locator("text=attic").count() == 0
    await page.click("#pause")
    await page.wait_for_selector("text=attic")
    await live(page)
