"""Handing a version over, and taking it over with a schedule."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from tests.papers import CI, NEW, OPS, OWNER, QA, Desk, a_desk
from tests.plans import START

from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.domain.paper import Acknowledgement, Handoff
from gonogo.usecases.papers.handoff import acknowledge, hand_over, read_handoff
from gonogo.usecases.papers.versions import find_version

HANDOFF = Handoff("", "sprint 16")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def handed(desk: Desk, handoff: Handoff = HANDOFF, version: str = "v1.2.0") -> None:
    await hand_over(desk.context, QA, service="shop", version=version, handoff=handoff)


async def test_a_handoff_is_filed_for_the_commit_with_criteria_that_nobody_signed_yet(
    desk: Desk,
) -> None:
    text = (
        "scope: sprint 16\n"
        "rollback_when: [{name: t, bad: 5xx, limit: 5%, within: 5m, mode: literal}]"
    )
    await handed(desk, read_handoff(text, "handoff.yaml"))
    (paper,) = await desk.store.papers("shop", NEW)
    assert paper.content.version == "v1.2.0"
    assert [each.signer for each in paper.content.criteria] == [""]
    (*_, entry) = [entry async for entry in desk.store.entries(subject="shop")]
    assert entry.action == "person:version:handoff"
    assert entry.data["commit"] == NEW


async def test_a_new_handoff_moves_the_digest_that_sign_offs_are_bound_to(desk: Desk) -> None:
    digests = []
    for _ in range(2):
        await handed(desk)
        digests.append((await find_version(desk.context, "shop", "v1.2.0")).digest)
    assert len(set(digests)) == 2


async def test_a_handoff_for_another_version_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"the handoff is for v1\.2\.0, not for v1\.2\.1"):
        await handed(desk, Handoff("v1.2.0", "x"), "v1.2.1")


async def test_who_may_hand_over_and_acknowledge_is_told(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match=r"olga \(devops\) may not hand a version over"):
        await hand_over(desk.context, OPS, service="shop", version="v1.2.0", handoff=HANDOFF)
    with pytest.raises(NotAllowed, match=r"ci \(CI\) may not acknowledge a handoff"):
        await takes_over(desk, Acknowledgement(), CI)


async def test_an_unknown_tag_names_the_nearest(desk: Desk) -> None:
    with pytest.raises(NotFound, match=r"nearest: v1\."):
        await handed(desk, version="v1.2.9")


async def takes_over(desk: Desk, content: Acknowledgement, actor: object = OPS) -> None:
    await acknowledge(
        desk.context,
        actor,
        service="shop",
        version="v1.2.0",
        acknowledgement=content,  # type: ignore[arg-type]
    )


async def test_there_is_nothing_to_acknowledge_before_a_handoff(desk: Desk) -> None:
    with pytest.raises(Conflict, match="was not handed over yet"):
        await takes_over(desk, Acknowledgement())


async def test_a_schedule_is_filed(desk: Desk) -> None:
    await handed(desk)
    content = Acknowledgement(
        START + timedelta(hours=4),
        timedelta(hours=1),
        timedelta(minutes=15),
        steps=("clear cache",),
    )
    await takes_over(desk, content, OWNER)
    (_, paper) = await desk.store.papers("shop", NEW)
    assert paper.content == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (Acknowledgement(window=timedelta(hours=1)), "a window needs a time at which it opens"),
        (Acknowledgement(datetime(2026, 3, 1, 16)), "has no time zone"),  # noqa: DTZ001
        (Acknowledgement(START + timedelta(days=91)), "it starts in 91 days, the limit is 90 days"),
        (Acknowledgement(START - timedelta(days=2)), "2026-02-27 12:00 UTC has passed"),
        (Acknowledgement(START - timedelta(hours=1), timedelta(minutes=30)), "window included"),
        (Acknowledgement(START, timedelta()), "the window must be more than 0s"),
        (Acknowledgement(duration=timedelta()), "the duration must be more than 0s"),
        (Acknowledgement(downtime=timedelta(seconds=-1)), "the downtime must be 0s to 30d"),
        (Acknowledgement(steps=("",)), "a step is needed"),
        (Acknowledgement(steps=("x",) * 51), "there are 51 steps, the limit is 50"),
        (Acknowledgement(concerns="x" * 2001), "what concerns you has 2001 characters"),
    ],
)
async def test_a_schedule_that_makes_no_sense_is_refused(
    desk: Desk, content: Acknowledgement, said: str
) -> None:
    await handed(desk)
    with pytest.raises(InvalidInput, match=said):
        await takes_over(desk, content)
