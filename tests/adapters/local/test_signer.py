"""The desk's keys in their folder."""

import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.adapters.local.signer import FileSigner
from gonogo.domain.errors import Conflict, NotFound, Unavailable
from gonogo.domain.signing import distrust
from gonogo.usecases.bundling.envelopes import check


class Clock:
    time = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signer(tmp_path: Path, clock: Clock) -> FileSigner:
    return FileSigner(tmp_path / "keys", clock, valid_for=timedelta(days=10))


async def test_keys_are_made_once_and_for_their_owner_alone(
    signer: FileSigner, tmp_path: Path, clock: Clock
) -> None:
    ring = await signer.ring()
    assert await FileSigner(tmp_path / "keys", clock).ring() == ring
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


async def test_every_later_key_is_followed_back_to_the_root(
    signer: FileSigner, clock: Clock
) -> None:
    for _ in range(3):
        clock.time += timedelta(days=1)
        ring = await signer.rotate()
    root, last = ring.keys[0], ring.keys[-1]
    assert distrust(ring, root.public, last.id, clock.time, check) is None
    assert distrust(ring, last.public, last.id, clock.time, check) is not None


async def test_a_key_that_is_not_valid_any_more_signs_nothing_until_it_is_rotated(
    signer: FileSigner, clock: Clock
) -> None:
    await signer.envelope(b"{}", "text/plain")
    clock.time += timedelta(days=11)
    with pytest.raises(Conflict, match="is valid from") as caught:
        await signer.envelope(b"{}", "text/plain")
    assert caught.value.hint == "gonogo keys rotate"
    await signer.rotate()
    assert json.loads(await signer.envelope(b"{}", "text/plain"))["payload"] == "e30="


async def test_the_key_that_signs_cannot_be_revoked(signer: FileSigner, clock: Clock) -> None:
    ring = await signer.ring()
    with pytest.raises(Conflict, match="is the one that signs now"):
        await signer.revoke(ring.keys[0].id, clock.time, "so")
    with pytest.raises(NotFound):
        await signer.revoke("0123456789", clock.time, "so")


async def test_a_revocation_is_signed_by_another_key_and_counts(
    signer: FileSigner, clock: Clock
) -> None:
    first = (await signer.ring()).keys[0]
    clock.time += timedelta(days=2)
    await signer.rotate()
    since = clock.time - timedelta(days=1)
    ring = await signer.revoke(first.id[:8], since, "stolen")
    assert distrust(ring, first.public, first.id, since - timedelta(hours=1), check) is None
    told = distrust(ring, first.public, first.id, since + timedelta(hours=1), check)
    assert told is not None
    assert "stolen" in told


async def test_keys_that_cannot_be_written_are_said(
    signer: FileSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="cannot be written: No space left on device"):
        await signer.ring()


async def test_keys_that_cannot_be_read_are_said_and_not_made_anew(
    signer: FileSigner, tmp_path: Path
) -> None:
    await signer.ring()
    ring = tmp_path / "keys" / "ring.json"
    for broken in ("", "{}", '{"keys": [], "revocations": []}'):
        ring.write_text(broken)
        with pytest.raises(Unavailable, match="cannot be read"):
            await signer.ring()
