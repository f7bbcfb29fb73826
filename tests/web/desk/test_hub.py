"""The hub renders what is watched once, hands it to everybody, and loses nothing that is stored last."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from tests.web.desk.conftest import until

from gonogo.domain.errors import NotFound, Unavailable
from gonogo.language.reader import Language, Reader
from gonogo.ports.notices import Notice
from gonogo.storage.notices import Announcements
from gonogo.web.desk import hub as hubs
from gonogo.web.desk.hub import Hub, Pace, Page
from gonogo.web.desk.region import REGIONS, Region

ENGLISH, PERSIAN = Reader(), replace(Reader(), language=Language.PERSIAN)
PACE = Pace(gap=0.02, again=0.02)


@dataclass
class Wall:
    """One region, `wall`, whose values are what was written last; counts how often it was read and
    rendered."""

    written: dict[str, object] = field(default_factory=lambda: {"text": "first"})
    notices: Announcements = field(default_factory=Announcements)
    reads: int = 0
    renderings: int = 0
    trouble: Exception | None = None

    async def read(self, _: object, argument: str) -> dict[str, object]:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        if argument == "nowhere":
            raise NotFound("there is no such wall")
        return dict(self.written)

    def render(self, reader: Reader, name: str, values: dict[str, object]) -> str:
        self.renderings += 1
        return f"{reader.language}: {values['text']}"

    def write(self, text: str, service: str = "shop") -> None:
        self.written = {**self.written, "text": text}
        self.notices.tell(Notice(None, service, 7))


@pytest.fixture
async def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    region = Region("wall", "", made.read, lambda stored, _: stored.service != "elsewhere")
    monkeypatch.setitem(REGIONS, "wall", region)
    monkeypatch.setattr(hubs, "render_region", made.render)
    return made


@pytest.fixture
async def hub(wall: Wall) -> AsyncIterator[Hub]:
    made = Hub(wall, PACE)  # type: ignore[arg-type]
    yield made
    for page in tuple(made._pages):
        made.leave(page)


def came(hub: Hub, reader: Reader = ENGLISH, **wanted: str) -> Page:
    page = Page(reader)
    hub.enter(page)
    hub.watch(page, wanted or {"wall": ""})
    return page


async def told(page: Page) -> dict[str, object]:
    return json.loads((await asyncio.wait_for(page.next(), 30)).text)


async def settled(hub: Hub) -> None:
    """Nothing is marked any more, and what was read is handed out."""
    await until(
        lambda: all(
            feed.values is not None and not feed.stale.is_set() for feed in hub._feeds.values()
        )
    )
    await asyncio.sleep(0.01)


async def test_pages_that_read_alike_are_sent_the_very_same_text(hub: Hub, wall: Wall):
    pages = [came(hub) for _ in range(100)] + [came(hub, PERSIAN)]
    texts = [await page.next() for page in pages]
    assert len({id(text) for text in texts[:100]}) == 1
    assert json.loads(texts[100].text)["html"] == "fa: first"
    assert wall.renderings == 2


async def test_what_was_stored_reaches_who_watches_and_nobody_else(hub: Hub, wall: Wall):
    watching, elsewhere = came(hub), came(hub)
    await told(watching), await told(elsewhere)
    hub.watch(elsewhere, {})
    wall.write("second")
    assert (await told(watching))["html"] == "en: second"
    assert not elsewhere.waiting


async def test_a_page_that_comes_back_gets_what_changed_and_nothing_that_it_has(
    hub: Hub, wall: Wall
):
    seen = str((await told(came(hub)))["seen"])
    again = came(hub, wall=seen)
    await settled(hub)
    assert not again.waiting
    hub.leave(again)
    wall.write("second")
    assert (await told(came(hub, wall=seen)))["html"] == "en: second"


async def test_many_changes_are_a_few_messages_and_the_last_one_arrives(hub: Hub, wall: Wall):
    page = came(hub)
    await told(page)
    before, begun = wall.reads, asyncio.get_running_loop().time()
    for number in range(200):
        wall.write(f"change {number}")
        await asyncio.sleep(0)
    await settled(hub)
    gaps = (asyncio.get_running_loop().time() - begun) / PACE.gap
    assert wall.reads - before <= PACE.burst + 1 + gaps
    assert (await told(page))["html"] == "en: change 199"
    assert not page.waiting


async def test_a_slow_page_holds_one_message_of_each_region_and_delays_nobody(hub: Hub, wall: Wall):
    slow, quick = came(hub), came(hub)
    for text in ("second", "third", "fourth"):
        wall.write(text)
        while (await told(quick))["html"] != f"en: {text}":
            pass
    assert list(slow.waiting) == ["wall"]
    assert (await told(slow))["html"] == "en: fourth"


async def test_a_region_is_left_alone_by_what_does_not_concern_it(hub: Hub, wall: Wall):
    page = came(hub)
    await told(page)
    await settled(hub)
    before = wall.reads
    wall.write("unseen", service="elsewhere")
    await asyncio.sleep(0.05)
    assert wall.reads == before
    wall.notices.tell(Notice(None, None, 9))
    assert (await told(page))["html"] == "en: unseen"


async def test_values_that_did_not_change_are_not_rendered_again(hub: Hub, wall: Wall):
    page = came(hub)
    await told(page)
    await settled(hub)
    wall.write("first")
    await settled(hub)
    assert wall.renderings == 1
    assert not page.waiting


async def test_a_region_that_cannot_be_read_is_said_to_be_in_trouble_until_it_can(
    hub: Hub, wall: Wall
):
    page = came(hub)
    await told(page)
    wall.trouble = Unavailable("the database is gone")
    wall.write("second")
    await until(lambda: hub.in_trouble)
    wall.trouble = None
    assert (await told(page))["html"] == "en: second"
    await until(lambda: not hub.in_trouble)


async def test_what_does_not_exist_is_said_to_be_gone(hub: Hub):
    page = came(hub, **{"wall:nowhere": ""})
    assert await told(page) == {"region": "wall:nowhere", "gone": True}


async def test_where_nobody_tells_what_is_stored_pages_are_kept_all_the_same(wall: Wall):
    notices, wall.notices = wall.notices, None  # type: ignore[assignment]
    hub = Hub(wall, Pace(gap=0.01, blind=0.02))  # type: ignore[arg-type]
    page = came(hub)
    await told(page)
    wall.written = {"text": "second"}
    assert (await told(page))["html"] == "en: second"
    hub.leave(page)
    wall.notices = notices


async def test_nothing_runs_for_nobody(hub: Hub, wall: Wall):
    page = came(hub)
    await told(page)
    hub.leave(page)
    await until(lambda: not wall.notices._listeners and len(asyncio.all_tasks()) == 1)


async def test_numbers_that_json_does_not_know_become_null(hub: Hub, wall: Wall):
    wall.written["data"] = {"band": [1.5, float("inf"), float("nan")]}
    assert (await told(came(hub)))["data"] == {"band": [1.5, None, None]}
