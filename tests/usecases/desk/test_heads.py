"""A published head shows when the past was rewritten."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.bundles import Notary, a_notary
from tests.papers import OWNER

from gonogo.domain.audit import AuditDraft, entry_after
from gonogo.domain.errors import Conflict
from gonogo.usecases.desk.heads import check_view, sign_head, verify_heads


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


async def rewrite(notary: Notary, first: int, *, keep: int | None = None) -> None:
    """Write the chain anew from an entry on, as somebody with the database can: it holds again."""
    entries = [entry async for entry in notary.context.store.entries()]
    before = entries[first - 2] if first > 1 else None
    sequence, digest = (before.sequence, before.digest) if before else (0, "0" * 64)
    with notary.desk.store._engine.begin() as connection:
        found = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (trigger,) in found.fetchall():
            connection.execute(sa.text(f"DROP TRIGGER {trigger}"))
        for entry in entries[first - 1 :]:
            if keep is not None and entry.sequence > keep:
                connection.execute(
                    sa.text("DELETE FROM audit WHERE sequence = :s"), {"s": entry.sequence}
                )
                continue
            draft = AuditDraft("somebody", entry.action, entry.subject, entry.data)
            made = entry_after(draft, entry.at, sequence, digest)
            connection.execute(
                sa.text(
                    "UPDATE audit SET actor = 'somebody', previous = :p, digest = :d"
                    " WHERE sequence = :s"
                ),
                {"p": made.previous, "d": made.digest, "s": made.sequence},
            )
            sequence, digest = made.sequence, made.digest


async def test_heads_hold_as_long_as_the_chain_only_grows(notary: Notary) -> None:
    envelopes = [(await sign_head(notary.context, OWNER))[1]]
    await notary.whole_way()
    envelopes.append((await sign_head(notary.context, OWNER))[1])
    await notary.signer.rotate()
    envelopes.append((await sign_head(notary.context, OWNER))[1])
    found = check_view(await verify_heads(notary.context, envelopes, await notary.trust()))
    assert found["holds"], found
    assert (found["heads"], found["newest"]) == (3, found["entries"])


async def test_the_first_head_holds_however_long_its_key_took_to_make(
    notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = notary.desk.clock

    def later() -> datetime:
        clock.forward(seconds=1)
        return clock.time

    monkeypatch.setattr(clock, "now", later)
    _, envelope = await sign_head(notary.context, OWNER)
    found = check_view(await verify_heads(notary.context, [envelope]))
    assert found["holds"], found


async def test_a_head_that_was_signed_while_the_key_changed_holds(
    notary: Notary, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = notary.signer.envelope

    async def after_a_change(payload: bytes, kind: str) -> str:
        monkeypatch.setattr(notary.signer, "envelope", signed)
        await notary.signer.rotate()
        return await signed(payload, kind)

    monkeypatch.setattr(notary.signer, "envelope", after_a_change)
    trust = await notary.trust()
    _, envelope = await sign_head(notary.context, OWNER)
    found = check_view(await verify_heads(notary.context, [envelope], trust))
    assert found["holds"], found


async def test_a_past_that_was_rewritten_is_shown_although_the_chain_holds(
    notary: Notary,
) -> None:
    await notary.papers()
    head, envelope = await sign_head(notary.context, OWNER)
    await rewrite(notary, 4)
    assert (await sign_head(notary.context, OWNER))[0].digest != head.digest, (
        "the chain itself holds"
    )
    found = await verify_heads(notary.context, [envelope])
    assert found.wrong == 1
    assert found.reason is not None
    assert found.reason.startswith("the past was rewritten: at 2026-03-01 12:02 UTC entry")


async def test_a_past_that_was_cut_off_is_shown(notary: Notary) -> None:
    await notary.papers()
    _, envelope = await sign_head(notary.context, OWNER)
    await rewrite(notary, 4, keep=4)
    found = await verify_heads(notary.context, [envelope])
    assert found.reason is not None
    assert "the past was rewritten" in found.reason
    assert "ends with entry 4" in found.reason


async def test_a_head_of_another_desk_is_refused(notary: Notary, tmp_path: Path) -> None:
    async with a_notary(tmp_path / "other") as other:
        _, envelope = await sign_head(other.context, OWNER)
    found = await verify_heads(notary.context, [envelope])
    assert found.reason is not None
    assert "and you trust" in found.reason


@pytest.mark.parametrize("text", ["", "{}", "no head"])
async def test_what_is_no_head_is_refused(notary: Notary, text: str) -> None:
    _, envelope = await sign_head(notary.context, OWNER)
    assert (await verify_heads(notary.context, [envelope, text])).wrong == 2


async def test_a_changed_head_is_refused_wherever_it_was_changed(notary: Notary) -> None:
    _, envelope = await sign_head(notary.context, OWNER)
    trust = await notary.trust()
    for place in range(0, len(envelope), 5):
        changed = envelope[:place] + chr(ord(envelope[place]) ^ 1) + envelope[place + 1 :]
        assert (await verify_heads(notary.context, [changed], trust)).reason is not None, place


async def test_a_line_of_a_bundle_is_no_head(notary: Notary) -> None:
    await notary.begin()
    line = (await notary.bundle()).splitlines()[-1].decode()
    found = await verify_heads(notary.context, [line])
    assert found.reason == "it is not the head of an audit chain"


async def test_nothing_published_proves_nothing(notary: Notary) -> None:
    found = await verify_heads(notary.context, [])
    assert found.reason == "no head was published there"


async def test_the_head_of_a_broken_chain_is_not_signed(notary: Notary) -> None:
    await notary.papers()
    with notary.desk.store._engine.begin() as connection:
        found = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (trigger,) in found.fetchall():
            connection.execute(sa.text(f"DROP TRIGGER {trigger}"))
        connection.execute(sa.text("UPDATE audit SET actor = 'nobody' WHERE sequence = 3"))
    with pytest.raises(Conflict, match="entry 3 of the audit chain does not hold"):
        await sign_head(notary.context, OWNER)
