"""`gonogo down` where a version was adopted, with a real router and a real server."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from tests.plans import START, a_plan
from tests.servers import Answer, VersionServer, ask, free_port

from gonogo.controllers.fleet import Fleet
from gonogo.domain.address import split
from gonogo.domain.adoption import Adoption
from gonogo.domain.audit import AuditDraft
from gonogo.domain.plan import Environment
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.settings import Settings
from gonogo.wiring.parts import Parts, assemble

Run = Callable[..., Result]
COMMIT = "c" * 40


async def adopted(home: Path, address: str, port: int) -> None:
    """A desk's folder whose rows hold an adopted version, and its router at work."""
    parts = assemble(Settings(home), lambda _: None)
    try:
        plan = a_plan(environments=(Environment("production", port),))
        known = Registration("shop", "/repository", "", plan, "owner", START, "secret")
        await parts.store.register(known, AuditDraft("owner", "test:register", "shop"))
        await _store(parts, known, address)
        await Fleet(parts.world, known, plan.production).look()
    finally:
        await parts.close()


async def _store(parts: Parts, known: Registration, address: str) -> None:
    host, port = split(address)
    release = Release(
        "old", "shop", "v1", COMMIT, None, known.plan, "owner", START, Stage.ADOPTED, START, "found"
    )
    (free, *_) = await parts.store.slots("shop", "production")
    slot = Slot(
        *("shop", "production", free.name, SlotRole.BASELINE, "v1", COMMIT, "old.production", port),
        share=1.0,
        host=host,
        adopted=True,
        revision=free.revision,
    )
    adoption = Adoption("old", "shop", "production", "v1", COMMIT, host, port, "owner", START)
    await parts.store.adopt(adoption, release, (slot,), AuditDraft("owner", "test:adopt", "old"))


@pytest.fixture
def server() -> Iterator[VersionServer]:
    with VersionServer("v1") as server:
        yield server


@pytest.fixture
def port(server: VersionServer, tmp_path: Path, run: Run) -> Iterator[int]:
    found = free_port()
    asyncio.run(adopted(tmp_path / "home", server.address, found))
    yield found
    run("down")


def test_what_was_adopted_is_left_running_and_it_is_said_who_loses_it(
    run: Run, server: VersionServer, port: int
) -> None:
    assert asyncio.run(ask(port)) == Answer(200, "v1")
    done = run("down")
    assert done.exit_code == 0
    assert f"left shop v1 in production ({server.address}) running: it was adopted" in done.output
    assert "who come through gonogo lose v1" in done.output
    assert asyncio.run(ask(server.port)) == Answer(200, "v1")
    with pytest.raises(OSError, match="Connect call failed"):
        asyncio.run(ask(port))


def test_handing_back_asks_first_and_does_nothing_where_nobody_can_be_asked(
    run: Run, server: VersionServer, port: int
) -> None:
    done = run("down", "--release-traffic")
    assert done.exit_code == 2
    assert f"customers stay on v1, which was adopted at {server.address}" in done.output
    assert asyncio.run(ask(port)) == Answer(200, "v1")


def test_a_router_of_which_nobody_knows_whether_customers_come_stays(run: Run, port: int) -> None:
    done = run("down", "--release-traffic", "--yes", "--quiet-for", "1s", "--json")
    assert done.exit_code == 10
    assert '"router": "stays"' in done.output
    assert asyncio.run(ask(port)) == Answer(200, "v1")


@pytest.mark.slow
def test_waiting_for_customers_to_go_has_an_end(run: Run, port: int) -> None:
    done = run("down", "--release-traffic", "--yes", "--quiet-for", "1h", "--within", "1s")
    assert done.exit_code == 10
    assert run("down", "--release-traffic", "--yes", "--router-stays").exit_code == 0
    assert asyncio.run(ask(port)) == Answer(200, "v1")
