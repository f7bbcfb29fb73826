"""Messages that somebody holds back."""

from dataclasses import dataclass
from types import SimpleNamespace

from tests.papers import NEW, OPS, Desk, a_desk

from gonogo.controllers.outbox import deliver_once
from gonogo.domain.audit import AuditDraft
from gonogo.domain.health import Health
from gonogo.domain.message import Message
from gonogo.domain.release import Release, Stage
from gonogo.usecases.desk.operation import examine
from gonogo.usecases.gates import waivers


@dataclass
class Told:
    """Keeps what it was given to send."""

    sent: list[str]

    async def send(self, message: Message) -> str:
        self.sent.append(message.text)
        return "the log"


async def opened(desk: Desk) -> None:
    """A release of the shop with one message about it."""
    known = await desk.store.registration("shop")
    assert known is not None
    now = desk.clock.now()
    release = Release(
        id="r1",
        service="shop",
        version="v1.2.0",
        commit=NEW,
        previous="v1.1.0",
        plan=known.plan,
        actor="olga",
        created_at=now,
        stage=Stage.DRAFT,
        stage_since=now,
        reason="asked for",
    )
    message = Message("m1", "r1", "stage", "it begins", now)
    await desk.store.open(release, AuditDraft("olga", "person:release:open", "r1"), (message,))


async def test_what_is_held_back_is_sent_when_the_flag_is_lifted():
    async with a_desk() as desk:
        await opened(desk)
        told = Told([])
        world = SimpleNamespace(store=desk.store, clock=desk.clock, notifier=told)
        await waivers.hush(desk.context, OPS, service="shop", on=True, reason="maintenance")
        await deliver_once(world)  # type: ignore[arg-type]
        assert told.sent == []
        await waivers.hush(desk.context, OPS, service="shop", on=False, reason="done")
        desk.clock.forward(minutes=2)
        await deliver_once(world)  # type: ignore[arg-type]
        assert told.sent == ["it begins"]


async def test_messages_of_other_services_are_sent_meanwhile():
    async with a_desk() as desk:
        await opened(desk)
        told = Told([])
        world = SimpleNamespace(store=desk.store, clock=desk.clock, notifier=told)
        await waivers.hush(desk.context, OPS, service="bakery", on=True, reason="maintenance")
        await deliver_once(world)  # type: ignore[arg-type]
        assert told.sent == ["it begins"]


async def test_messages_that_are_held_back_on_purpose_are_no_matter_of_health():
    async with a_desk() as desk:
        await opened(desk)
        desk.clock.forward(minutes=5)
        found = {each.check: each.health for each in await examine(desk.context)}
        assert found["messages"] is Health.CRITICAL
        await waivers.hush(desk.context, OPS, service="shop", on=True, reason="maintenance")
        found = {each.check: each.health for each in await examine(desk.context)}
        assert found["messages"] is Health.GOOD
