"""Site health as a page."""

from dataclasses import replace

import httpx2
import pytest
from fastapi import FastAPI, Request
from tests.papers import OWNER, a_desk
from tests.web.desk.conftest import Visit

from gonogo.domain.actor import Actor
from gonogo.domain.controller import ControllerKind, ControllerSeen
from gonogo.domain.health import Finding, Health
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.visitor import seen_by


class Broken:
    """A check that finds one thing wrong, with a name that would like to act."""

    async def look(self) -> tuple[Finding, ...]:
        return (
            Finding(
                "<script>disk</script>", Health.CRITICAL, "it is full", "make `room < /dev/null`"
            ),
        )


async def test_what_is_critical_stands_first_with_its_remedy_and_cannot_act():
    async def owner(_: Request) -> Actor:
        return OWNER

    async with a_desk() as desk:
        application = FastAPI()
        add_desk(application, replace(desk.context, checkups=(Broken(),)), seen_by(owner))
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            page = (await client.get("/health")).text
    assert "1 check is critical." in page
    assert page.index("it is full") < page.index("entries hold together")
    assert 'make <code dir="ltr">room &lt; /dev/null</code>' in page
    assert "<script>disk" not in page


async def test_all_is_well_is_said_in_one_sentence(visit: Visit):
    page = await visit.open("/health")
    assert "All is well." in page.text


class Tasks:
    """A desk's tasks, one of them stuck."""

    def seen(self) -> tuple[ControllerSeen, ...]:
        well = ControllerSeen(ControllerKind.FLEET, "shop/production", None, "waits", 1, 60, 1)
        doing = "runs production-migrate"
        return well, ControllerSeen(ControllerKind.RELEASE, "shop", "r1", doing, 700, 600, 700)

    def restarts(self) -> dict[tuple[ControllerKind, str], int]:
        return {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("it is stuck: runs production-migrate", "drives a release", "keeps what serves")),
        ("ru", ("она застряла: выполняет", "ведёт релиз", "Последний признак жизни")),
        ("fa", ("گیر کرده است", "یک انتشار را پیش می‌برد", "آخرین نشانهٔ کار")),
    ],
)
async def test_every_task_of_the_desk_is_shown_with_what_it_does(language, said):
    async def owner(_: Request) -> Actor:
        return OWNER

    async with a_desk() as desk:
        application = FastAPI()
        add_desk(application, replace(desk.context, controllers=Tasks()), seen_by(owner))
        transport = httpx2.ASGITransport(app=application)
        async with httpx2.AsyncClient(
            transport=transport,
            base_url="http://127.0.0.1",
            headers={"Accept-Language": language},
        ) as client:
            page = (await client.get("/health")).text
    assert not [each for each in said if each not in page]
    assert 'lang="en" dir="ltr"' not in page.partition("tasks cards")[2]
