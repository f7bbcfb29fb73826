"""Word of what was stored reaches whoever listens, after its commit and never before."""

import asyncio

import pytest
from tests.storage.samples import (
    NOON,
    a_draft,
    a_look,
    a_registration,
    an_instruction,
    claimed,
    opened,
)

from gonogo.ports.notices import Notice
from gonogo.ports.store import Change
from gonogo.storage.notices import _BEHIND, Announcements


async def _next(stream):
    return await asyncio.wait_for(anext(stream), 60)


async def test_every_write_is_told_with_what_it_is_about_and_its_audit_entry(store):
    async with store.notices.subscribe() as stream:
        await store.register(a_registration(), a_draft("orders"))
        release, lease = await opened(store), await claimed(store)
        release = await store.record(Change(release, lease, audit=a_draft()))
        await store.record(Change(release, lease, look=a_look(), judge=b"seen"))
        await store.instruct(an_instruction(), a_draft())
        assert [await _next(stream) for _ in range(5)] == [
            Notice(None, "orders", 1),
            Notice("r1", "orders", 2),
            Notice("r1", "orders", 3),
            Notice("r1", "orders", 0),
            Notice("r1", None, 4),
        ]


async def test_who_is_told_finds_it_stored(store):
    async with store.notices.subscribe() as stream:
        opening = asyncio.create_task(opened(store))
        notice = await _next(stream)
        assert (await store.release(notice.release)) is not None
        await opening


async def test_a_write_that_was_refused_is_not_told(store):
    release, lease = await opened(store), await claimed(store)
    async with store.notices.subscribe() as stream:
        stranger = await store.claim("r1", "north", NOON, NOON)
        with pytest.raises(TypeError):
            await store.record(Change(release, lease, audit=a_draft(unfit={1})))
        await store.record(Change(release, stranger))
        assert await _next(stream) == Notice("r1", "orders", 0)


async def test_who_falls_far_behind_is_told_to_read_anew():
    announcements = Announcements()
    async with announcements.subscribe() as stream:
        for number in range(_BEHIND + 1):
            announcements.tell(Notice("r1", "orders", number))
        await asyncio.sleep(0)
        assert await _next(stream) == Notice(None, None, _BEHIND)


async def test_who_left_is_told_nothing_more():
    announcements = Announcements()
    async with announcements.subscribe() as stream:
        pass
    announcements.tell(Notice("r1", "orders", 1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(stream), 0.05)
