"""The release page in a real browser: what its modules do. Skipped where there is no Chromium."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import uvicorn
from tests.papers import OWNER, Desk, a_desk
from tests.web.conftest import good_story
from tests.web.desk.theatre import play

from gonogo.api.application import build_application
from gonogo.api.door import Door, reader
from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.release import Instruction, InstructionKind, Stage
from gonogo.domain.story import Story
from gonogo.ports.store import Change
from gonogo.usecases.access import people
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by

playwright = pytest.importorskip("playwright.async_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
TOKEN = "the-owners-token"


@dataclass
class Scene:
    """A desk that is served, and a browser at its door."""

    desk: Desk
    story: Story
    page: "playwright.Page"
    address: str
    troubles: list[str]


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    async with a_desk() as desk:
        whole = good_story(200)
        made = replace(whole.release, stage=Stage.CANARY, step=0, step_since=whole.looks[0].at)
        story = replace(whole, release=made, audit=whole.audit[:8], looks=whole.looks[:60])
        await play(desk, replace(story, journal=()))
        application = build_application(desk.context, OWNER, TOKEN, lambda: None)
        guard = reader(Door(desk.context, OWNER, TOKEN))
        add_desk(application, desk.context, seen_by(guard), lambda _: True)
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            server = uvicorn.Server(
                uvicorn.Config(
                    application, log_level="error", lifespan="off", ws="websockets-sansio"
                )
            )
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            async with playwright.async_playwright() as program:
                browser = await program.chromium.launch(
                    executable_path=CHROMIUM, args=["--no-sandbox"]
                )
                context = await browser.new_context(
                    viewport={"width": 360, "height": 800},
                    extra_http_headers={"Authorization": f"Bearer {TOKEN}"},
                )
                page = await context.new_page()
                troubles: list[str] = []
                page.on("pageerror", lambda error: troubles.append(str(error)))
                yield Scene(desk, whole, page, address, troubles)
                await browser.close()
            server.should_exit = True
            await serving


async def test_a_word_goes_its_way_in_place_and_a_refusal_keeps_what_was_typed(stage: Scene):
    page = stage.page
    await page.goto(f"{stage.address}/releases/r-1")
    await page.click('[data-verb="roll_back"] > summary')
    await page.fill("#reason-roll_back", "orders fail")
    await page.fill("#typed-roll_back", "v9")
    await page.click('[data-verb="roll_back"] button[type=submit]')
    await page.wait_for_selector("#actions .flash.harm")
    assert "type v1.2.1 to confirm" in await page.inner_text("#actions .flash.harm")
    assert await page.input_value("#reason-roll_back") == "orders fail"
    await page.fill("#typed-roll_back", "v1.2.1")
    await page.click('[data-verb="roll_back"] button[type=submit]')
    await page.wait_for_selector("#actions .flash.safe")
    assert "Audit entry" in await page.inner_text("#actions .flash.safe")
    assert "gonogo:draft" not in await page.evaluate("Object.keys(sessionStorage).join()")
    assert stage.troubles == []


async def test_buttons_and_charts_follow_what_is_stored_without_reloading(stage: Scene):
    page, store = stage.page, stage.desk.store
    await page.goto(f"{stage.address}/releases/r-1")
    await page.wait_for_selector("#charts canvas")
    assert await page.is_visible('[data-verb="pause"]')
    assert not await page.is_visible('[data-verb="resume"]')
    await page.evaluate("window.same = true")
    now = stage.desk.clock.now()
    lease = await store.claim("r-1", "desk", now, now.replace(year=now.year + 1))
    release = await store.release("r-1")
    assert lease is not None
    assert release is not None
    for look in stage.story.looks[60:80]:
        release = await store.record(Change(release, lease, look=look))
    await store.record(
        Change(
            replace(release, stage=Stage.PAUSED, came_from=Stage.CANARY, reason="olga said so"),
            lease,
            audit=AuditDraft(
                "desk", "desk:release:paused", "r-1", {"from": "canary", "to": "paused"}
            ),
        )
    )
    await page.wait_for_selector('[data-verb="resume"]', state="visible")
    assert not await page.is_visible('[data-verb="pause"]')
    await page.click("[data-chart=raw] details > summary")
    last = stage.story.looks[79].at.strftime("%H:%M:%S")
    await page.wait_for_function(
        "last => document.querySelector('[data-chart=raw] table')?.innerText.includes(last)",
        arg=last,
    )
    assert await page.evaluate("window.same") is True
    assert stage.troubles == []


async def test_who_was_late_is_told_and_what_they_typed_is_there(stage: Scene):
    page = stage.page
    await page.goto(f"{stage.address}/releases/r-1")
    await page.click('[data-verb="pause"] > summary')
    await page.fill("#reason-pause", "look at the dashboard")
    word = Instruction(
        "i-1", "r-1", InstructionKind.ROLL_BACK, "olga", "orders fail", stage.desk.clock.now()
    )
    audit = AuditDraft("olga", "person:release:roll_back", "r-1", {"reason": "orders fail"})
    await stage.desk.store.instruct(word, audit)
    await page.wait_for_selector(".heard li")
    await page.click('[data-verb="pause"] button[type=submit]')
    await page.wait_for_selector("#actions .flash.harm")
    assert "olga was first: roll back" in await page.inner_text("#actions .flash.harm")
    assert await page.input_value("#reason-pause") == "look at the dashboard"


async def test_what_was_typed_before_the_session_ended_is_offered_again(stage: Scene):
    page = stage.page
    await page.goto(f"{stage.address}/releases/r-1")
    await page.click('[data-verb="pause"] > summary')
    await page.fill("#reason-pause", "a long thought")
    await page.reload()
    await page.click('[data-verb="pause"] .draft button >> nth=0')
    assert await page.input_value("#reason-pause") == "a long thought"


async def test_a_thumb_signs_in_two_taps_and_moves_on_to_the_release_that_it_starts(stage: Scene):
    page, desk = stage.page, stage.desk
    lead = Actor("lena", frozenset({Role.QA, Role.ADMIN}))
    await people.add_person(desk.context, OWNER, name=lead.name, roles=tuple(lead.roles))
    secret = (await people.issue_token(desk.context, OWNER, person=lead.name)).secret
    await page.set_extra_http_headers({"Authorization": f"Bearer {secret}"})
    await page.goto(f"{stage.address}/services/shop/versions/v1.2.0/sign-off")
    await page.click(".sign-act summary")
    await page.click(".sign-act[open] button[type=submit]")
    await page.wait_for_selector(".receipt")
    assert "Receipt: audit entry" in await page.inner_text(".receipt")
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
    await page.goto(f"{stage.address}/services/shop/versions/v1.2.0")
    await page.click("#start button[type=submit]")
    await page.wait_for_url("**/releases/*")
    assert await page.inner_text("h1") == "shop v1.2.0"
