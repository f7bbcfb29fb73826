"""Who may see and change the desk's keys, and how the desk says how they stand."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.bundles import Notary, a_notary
from tests.papers import ADMIN, OPS, OWNER

from gonogo.domain.errors import InvalidInput, NotAllowed, Unavailable
from gonogo.domain.health import Health
from gonogo.usecases.desk import keys


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


async def test_keys_are_rotated_and_revoked_by_admins_and_it_is_written_down(
    notary: Notary,
) -> None:
    context, clock = notary.context, notary.desk.clock
    first = (await keys.keys_view(context))["keys"][0]["id"]
    clock.forward(days=1)
    await keys.rotate(context, OWNER)
    since = clock.now() - timedelta(hours=1)
    found = await keys.revoke(context, ADMIN, key_id=first[:12], since=since, reason=" lost ")
    assert [each["state"] for each in found["keys"]] == ["revoked", "signs"]
    assert found["revocations"][0]["reason"] == "lost"
    entries = [entry async for entry in context.store.entries()][-2:]
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("dana", "person:key:rotate"),
        ("ada", "person:key:revoke"),
    ]
    assert entries[1].subject == first


async def test_others_may_not_change_keys(notary: Notary) -> None:
    now = notary.desk.clock.now()
    with pytest.raises(NotAllowed, match="manage the desk's keys"):
        await keys.rotate(notary.context, OPS)
    with pytest.raises(NotAllowed, match="manage the desk's keys"):
        await keys.revoke(notary.context, OPS, key_id="0" * 8, since=now, reason="so")


async def test_a_key_is_not_revoked_from_a_time_to_come_or_without_a_reason(
    notary: Notary,
) -> None:
    now = notary.desk.clock.now()
    ahead = now + timedelta(hours=1)
    with pytest.raises(InvalidInput, match="lies ahead"):
        await keys.revoke(notary.context, OWNER, key_id="0" * 8, since=ahead, reason="so")
    with pytest.raises(InvalidInput, match="a reason is needed"):
        await keys.revoke(notary.context, OWNER, key_id="0" * 8, since=now, reason=" ")


async def test_the_doctor_shows_the_root_and_warns_before_the_key_ends(
    tmp_path: Path, notary: Notary
) -> None:
    notary.signer._valid_for = timedelta(days=40)
    root = (await notary.signer.ring()).keys[0]
    good = (await keys.examine_keys(notary.context))[0]
    assert (good.check, good.health, good.remedy) == ("signing key", Health.GOOD, "")
    assert good.detail == f"root SHA256:{root.id}, signs until 2026-04-10"
    notary.desk.clock.forward(days=11)
    soon = (await keys.examine_keys(notary.context))[0]
    assert (soon.health, soon.remedy) == (Health.RECOMMENDED, "gonogo keys rotate")
    assert soon.detail.endswith("that is in 29 days")
    notary.desk.clock.forward(days=30)
    assert (await keys.examine_keys(notary.context))[0].health is Health.CRITICAL


async def test_a_desk_without_keys_says_so(notary: Notary) -> None:
    context = replace(notary.context, signer=None)
    assert await keys.examine_keys(context) == ()
    with pytest.raises(Unavailable, match="no keys"):
        await keys.keys_view(context)
