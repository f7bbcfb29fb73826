"""Desks on one PostgreSQL: no two of one name, and each hears what the others stored."""

import asyncio
import contextlib
import queue
import threading

import psycopg
import pytest
from tests.storage.samples import StandingClock, a_draft, a_registration, an_instruction, opened

from gonogo.domain.errors import Conflict
from gonogo.ports.notices import Notice
from gonogo.storage.presence import payload, read_payload
from gonogo.storage.schema import NEWEST
from gonogo.storage.store import open_store

SECONDS = 60


class A:
    """A desk's store and presence, and what it was told."""

    def __init__(self, url, name, site="here"):
        self.store = open_store(url, StandingClock(), site=site)
        self.woken = queue.Queue()
        self.lost = queue.Queue()
        self.presence = self.store.presence(
            name=name, host=f"host-{name}", version="1", wake=self.woken.put, lost=self.lost.put
        )
        self.name = name

    async def __aenter__(self):
        await asyncio.to_thread(self.presence.start)
        return self

    async def __aexit__(self, *_):
        await asyncio.to_thread(self.presence.close)
        await self.store.close()

    async def next_woken(self):
        return await asyncio.to_thread(self.woken.get, timeout=SECONDS)


async def _next(stream):
    return await asyncio.wait_for(anext(stream), SECONDS)


def test_there_is_no_presence_where_only_one_desk_can_be(in_memory):
    told = {"wake": print, "lost": print}
    assert in_memory.presence(name="north", host="h", version="1", **told) is None


@pytest.mark.parametrize("text", ["", "{}", "null", "[1]", '["a", "r1", null, "x", true]'])
def test_a_notice_of_somebody_else_is_no_notice(text):
    assert read_payload(text) is None


def test_a_notice_is_read_as_it_was_written():
    notice = Notice("r1", "orders", 7)
    assert read_payload(payload("me", notice, wakes=True)) == ("me", notice, True)


@pytest.mark.slow
async def test_what_one_desk_stores_wakes_the_others_and_is_told_to_them(postgres_url):
    async with A(postgres_url, "north") as north, A(postgres_url, "south") as south:
        async with south.store.notices.subscribe() as stream:
            await north.store.register(a_registration(), a_draft("orders"))
            await opened(north.store)
            await north.store.instruct(an_instruction(), a_draft())
            told = [await _next(stream) for _ in range(3)]
        assert told == [Notice(None, "orders", 1), Notice("r1", "orders", 2), Notice("r1", None, 3)]
        assert [await south.next_woken() for _ in range(3)] == ["", "r1", "r1"]
        assert north.woken.empty()


@pytest.mark.slow
async def test_a_desk_tells_its_own_listeners_once(postgres_url):
    async with (
        A(postgres_url, "north") as north,
        A(postgres_url, "south") as south,
        north.store.notices.subscribe() as stream,
    ):
        await opened(north.store)
        await opened(south.store, "r2", "invoices")
        assert await _next(stream) == Notice("r1", "orders", 1)
        assert await _next(stream) == Notice("r2", "invoices", 2)


@pytest.mark.slow
async def test_a_second_desk_of_the_same_name_is_refused(postgres_url, monkeypatch):
    async with A(postgres_url, "north"):
        second = A(postgres_url, "north")
        with monkeypatch.context() as hasty:
            hasty.setattr("gonogo.storage.presence._NAME_SECONDS", 0.2)
            with pytest.raises(Conflict, match="desk named north is at work on host-north since"):
                second.presence.start()
        await second.store.close()
    async with A(postgres_url, "north") as again:
        assert [desk.name for desk in await again.store.desks()] == ["north"]


@pytest.mark.slow
async def test_desks_know_of_each_other_until_they_end(postgres_url):
    async with A(postgres_url, "north", "attic") as north:
        async with A(postgres_url, "south", "cellar"):
            found = await north.store.desks()
            assert [(desk.name, desk.site, desk.silent) for desk in found] == [
                ("north", "attic", False),
                ("south", "cellar", False),
            ]
        assert [desk.name for desk in await north.store.desks()] == ["north"]


@pytest.mark.slow
async def test_a_desk_hears_again_after_the_server_was_restarted(postgres_url, postgres):
    async with A(postgres_url, "north") as north, A(postgres_url, "south") as south:
        async with south.store.notices.subscribe() as stream:
            await asyncio.to_thread(postgres.stop, "immediate")
            await asyncio.to_thread(postgres.start)
            assert await _next(stream) == Notice(None, None, 0)
            assert await south.next_woken() == ""
            await opened(north.store)
            assert await _next(stream) == Notice("r1", "orders", 1)
        assert (await south.store.desks())[1].name == "south"


@pytest.mark.slow
async def test_a_desk_whose_name_was_taken_while_it_was_cut_off_is_told_to_end(
    postgres_url, postgres, monkeypatch
):
    taken = threading.Event()
    async with A(postgres_url, "north") as first:
        sign_in = first.presence._sign_in

        def once_taken():
            assert taken.wait(SECONDS)
            return sign_in()

        monkeypatch.setattr(first.presence, "_sign_in", once_taken)
        (session,) = postgres.sql("SELECT session FROM desks", "desk")[0]
        postgres.sql(f"SELECT pg_terminate_backend({session})")
        async with A(postgres_url, "north"):
            monkeypatch.setattr("gonogo.storage.presence._NAME_SECONDS", 0.2)
            taken.set()
            why = await asyncio.to_thread(first.lost.get, timeout=SECONDS)
    assert isinstance(why, Conflict)


@pytest.mark.slow
async def test_a_session_of_its_own_that_hangs_is_ended_and_the_name_kept(
    postgres_url, monkeypatch
):
    async with A(postgres_url, "north") as north:
        # As if the network had been cut: the desk makes a new session while the server keeps the old.
        hanging = north.presence._connection
        again = await asyncio.to_thread(north.presence._sign_in)
        with contextlib.closing(again), pytest.raises(psycopg.OperationalError):
            hanging.execute("SELECT 1")
        assert north.lost.empty()


@pytest.mark.slow
async def test_environments_live_where_they_were_registered_first(postgres_url):
    async with (
        A(postgres_url, "north", "attic") as north,
        A(postgres_url, "south", "cellar") as south,
    ):
        await north.store.register(a_registration(), a_draft("orders"))
        await south.store.register(a_registration(), a_draft("orders"))
        assert set((await south.store.places()).values()) == {"attic"}


@pytest.mark.slow
async def test_environments_move_to_another_desk_when_theirs_is_gone(postgres_url):
    async with A(postgres_url, "north", "attic") as north:
        await north.store.register(a_registration(), a_draft("orders"))
    async with A(postgres_url, "south", "cellar") as south:
        await south.store.register(a_registration(), a_draft("orders"))
        assert set((await south.store.places()).values()) == {"cellar"}


@pytest.mark.slow
async def test_an_older_schema_is_not_touched_while_a_desk_works_with_it(postgres_url, postgres):
    async with A(postgres_url, "north"):
        postgres.sql("UPDATE alembic_version SET version_num = '0003'", "desk")
        try:
            with pytest.raises(
                Conflict, match=r"has schema 0003 .* but desk north \(1, on host-north"
            ):
                open_store(postgres_url, StandingClock())
        finally:
            postgres.sql(f"UPDATE alembic_version SET version_num = '{NEWEST}'", "desk")


@pytest.mark.slow
async def test_a_desk_under_which_the_schema_became_newer_is_told_to_end(postgres_url, postgres):
    async with A(postgres_url, "north") as north:
        postgres.sql("UPDATE alembic_version SET version_num = '9999'", "desk")
        try:
            lost = await asyncio.to_thread(north.lost.get, timeout=SECONDS)
        finally:
            postgres.sql(f"UPDATE alembic_version SET version_num = '{NEWEST}'", "desk")
    assert isinstance(lost, Conflict)
    assert f"has schema 9999 now, and this gonogo works with schema {NEWEST}" in str(lost)
