"""What only PostgreSQL can do to a store: several desks at once, and a server that comes and goes."""

import asyncio
import contextlib
import sys
from datetime import timedelta

import psycopg
import pytest
from tests.storage.samples import (
    NOON,
    StandingClock,
    a_draft,
    a_message,
    a_release,
    all_of,
    claimed,
    opened,
)

from gonogo.domain.audit import AuditSearch, first_broken
from gonogo.domain.errors import Conflict, InvalidInput, NeedsPerson, StaleLease, Unavailable
from gonogo.ports.store import Change
from gonogo.storage.checkup import DatabaseCheckup
from gonogo.storage.engine import make_engine
from gonogo.storage.store import open_store

SPAN = timedelta(seconds=30)


@contextlib.asynccontextmanager
async def _desks(url, count, **options):
    desks = [open_store(url, StandingClock(), **options) for _ in range(count)]
    try:
        yield desks
    finally:
        for desk in desks:
            await desk.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_the_url_means_the_same(scheme):
    engine = make_engine(f"{scheme}://desk:hidden@db.example/gonogo")
    assert engine.url.drivername == "postgresql+psycopg"
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://desk:hidden@db/gonogo", "postgresql+asyncpg://db/gonogo"])
def test_another_kind_of_database_is_refused(url):
    with pytest.raises(InvalidInput, match="cannot be of the kind"):
        make_engine(url)


def test_a_url_that_cannot_be_read_is_refused_without_its_password():
    with pytest.raises(InvalidInput) as refused:
        make_engine("postgresql://desk:hid@den:port:x/gonogo")
    assert "hid" not in str(refused.value)
    assert "%40" in (refused.value.hint or "")


def test_a_missing_driver_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidInput, match="needs the driver psycopg") as refused:
        make_engine("postgresql://db.example/gonogo")
    assert refused.value.hint == "pip install 'gonogo[postgresql]'"


def test_a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told(free_port):
    with pytest.raises(Unavailable) as refused:
        open_store(f"postgresql://desk:hidden@127.0.0.1:{free_port()}/x", StandingClock())
    assert "did not answer" in str(refused.value)
    assert "hidden" not in str(refused.value)


@pytest.mark.slow
async def test_desks_that_open_the_same_service_at_once_open_one_release(postgres_url):
    async with _desks(postgres_url, 4) as desks:
        asked = [
            desk.open(a_release(f"r{number}"), a_draft(f"r{number}"), ())
            for number, desk in enumerate(desks)
        ]
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert len([end for end in ends if not isinstance(end, Exception)]) == 1
        assert {type(end) for end in ends if isinstance(end, Exception)} == {Conflict}
        assert len(await desks[0].releases()) == 1


@pytest.mark.slow
async def test_desks_that_open_the_same_release_at_once_get_the_same_one(postgres_url):
    async with _desks(postgres_url, 4) as desks:
        found = await asyncio.gather(*(opened(desk) for desk in desks))
        assert found == [a_release()] * 4
        assert len(await all_of(desks[0].entries())) == 1


@pytest.mark.slow
async def test_a_driver_that_waits_for_a_row_sees_who_took_the_release_over_meanwhile(
    on_postgres, postgres_url
):
    release, lease = await opened(on_postgres), await claimed(on_postgres)
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT FROM releases WHERE id = 'r1' FOR UPDATE")
        recording = asyncio.create_task(on_postgres.record(Change(release, lease)))
        await _until_somebody_waits(postgres_url)
        other.execute("UPDATE leases SET desk = 'south', fence = 2 WHERE release_id = 'r1'")
        other.commit()
    with pytest.raises(
        StaleLease, match="driven by desk north, fence 1, any more but by desk south"
    ):
        await recording


async def _until_somebody_waits(url):
    with psycopg.connect(url, autocommit=True) as looking:
        for _ in range(3000):
            found = looking.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            ).fetchone()
            if found != (0,):
                return
            await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


@pytest.mark.slow
async def test_a_desk_does_not_wait_to_take_over_what_its_driver_is_writing(
    on_postgres, postgres_url
):
    await opened(on_postgres)
    await claimed(on_postgres, now=NOON - 2 * SPAN)
    with psycopg.connect(postgres_url) as driver:
        driver.execute("SELECT FROM releases WHERE id = 'r1' FOR UPDATE")
        assert await on_postgres.claim("r1", "south", NOON, NOON + SPAN) is None
    taken = await on_postgres.claim("r1", "south", NOON, NOON + SPAN)
    assert taken is not None
    assert taken.fence == 2


@pytest.mark.slow
async def test_no_message_is_given_to_two_desks_at_once(postgres_url):
    async with _desks(postgres_url, 3) as desks:
        messages = tuple(a_message(f"m{number}") for number in range(60))
        await desks[0].open(a_release(), a_draft(), messages)
        given = await asyncio.gather(*(desk.waiting(NOON, 10) for desk in desks * 2))
        ids = [message.id for batch in given for message in batch]
        assert len(ids) == len(set(ids)) > 0


@pytest.mark.slow
async def test_a_message_whose_desk_died_is_given_to_another_after_a_minute(postgres_url):
    async with _desks(postgres_url, 2) as (first, second):
        await first.open(a_release(), a_draft(), (a_message(),))
        assert await first.waiting(NOON) == (a_message(),)
        assert await second.waiting(NOON + timedelta(seconds=59)) == ()
        assert await second.waiting(NOON + timedelta(seconds=60)) == (a_message(),)


@pytest.mark.slow
async def test_a_server_that_was_restarted_is_noticed_by_nobody(on_postgres, postgres):
    release, lease = await opened(on_postgres), await claimed(on_postgres)
    await asyncio.gather(*(on_postgres.release("r1") for _ in range(4)))
    postgres.stop("fast")
    postgres.start()
    found = await asyncio.gather(*(on_postgres.release("r1") for _ in range(4)))
    assert found == [release] * 4
    assert (await on_postgres.record(Change(release, lease, audit=a_draft()))).revision == 1


@pytest.mark.slow
async def test_while_a_server_is_away_the_store_is_unavailable(on_postgres, postgres):
    await opened(on_postgres)
    postgres.stop("fast")
    try:
        with pytest.raises(Unavailable, match=r"the database postgresql://desk@127\.0\.0\.1:"):
            await on_postgres.append(a_draft())
        with pytest.raises(Unavailable, match="did not answer"):
            await on_postgres.release("r1")
    finally:
        postgres.start()
    assert (await on_postgres.append(a_draft())).sequence == 2


@pytest.mark.slow
async def test_no_write_is_lost_or_doubled_by_a_server_that_crashes(on_postgres, postgres):
    release, lease = await opened(on_postgres), await claimed(on_postgres)
    wanted = 300

    async def write():
        nonlocal release
        while release.revision < wanted:
            number = release.revision + 1
            try:
                release = await on_postgres.record(
                    Change(release, lease, audit=a_draft(number=number))
                )
            except Unavailable:
                with contextlib.suppress(Unavailable):
                    release = await on_postgres.release("r1") or release

    async def crash():
        for _ in range(3):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(postgres.stop, "immediate")
            await asyncio.to_thread(postgres.start)

    await asyncio.gather(write(), crash())
    entries = await all_of(on_postgres.entries())
    assert first_broken(entries) is None
    assert [entry.data.get("number") for entry in entries[1:]] == list(range(1, wanted + 1))


@pytest.mark.slow
async def test_a_server_that_turns_read_only_is_unavailable_for_writes_and_still_read(
    on_postgres, postgres, postgres_url
):
    release, lease = await opened(on_postgres), await claimed(on_postgres)
    postgres.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    postgres.sql("SELECT pg_reload_conf()")
    try:
        with pytest.raises(Unavailable, match="takes no writes now: it is read-only"):
            await _until_refused(on_postgres)
        assert await on_postgres.release("r1") == release
        engine = make_engine(postgres_url)
        found = await DatabaseCheckup(engine, StandingClock()).look()
        engine.dispose()
        critical = [each.detail for each in found if each.check == "database"]
        assert len(critical) == 1
        assert "takes no writes now: it is read-only" in critical[0]
    finally:
        postgres.sql("ALTER SYSTEM RESET ALL")
        postgres.sql("SELECT pg_reload_conf()")
    await _until_taken(on_postgres)
    assert (await on_postgres.record(Change(release, lease))).revision == 1


async def _until_refused(store):
    for _ in range(3000):
        await store.append(a_draft())
        await asyncio.sleep(0.01)


async def _until_taken(store):
    for _ in range(3000):
        with contextlib.suppress(Unavailable):
            return await store.append(a_draft())
        await asyncio.sleep(0.01)
    raise AssertionError("it takes no writes again")


@pytest.mark.slow
async def test_a_lock_that_is_not_given_in_time_is_unavailable(postgres_url):
    async with _desks(postgres_url, 1, patience=timedelta(milliseconds=100)) as (desk,):
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT FROM audit_head FOR UPDATE")
            with pytest.raises(Unavailable, match="is busy: another session holds a lock"):
                await desk.append(a_draft())
            other.rollback()
        assert (await desk.append(a_draft())).sequence == 1


@pytest.mark.slow
async def test_a_statement_that_never_ends_is_ended(on_postgres, postgres_url):
    limits = "?options=-c%20statement_timeout%3D1500"
    async with _desks(postgres_url + limits, 1) as (desk,):
        with psycopg.connect(postgres_url) as other:
            other.execute("LOCK TABLE releases")
            with pytest.raises(Unavailable, match="took too long to answer"):
                await desk.release("r1")


@pytest.mark.slow
async def test_a_user_who_may_not_make_tables_is_told_so(postgres):
    url = postgres.fresh()
    with contextlib.suppress(psycopg.errors.DuplicateObject):
        postgres.sql("CREATE ROLE guest LOGIN")
    try:
        with pytest.raises(NeedsPerson, match="does not let its user do that: permission denied"):
            open_store(url.replace("desk@", "guest@"), StandingClock())
    finally:
        postgres.drop(url)


@pytest.mark.slow
async def test_a_commit_is_on_the_disk_also_where_the_server_would_not_wait_for_it(
    postgres, postgres_url
):
    name = postgres_url.rpartition("/")[2]
    postgres.sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
    async with _desks(postgres_url, 1) as (desk,):
        with desk._engine.connect() as connection:
            found = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    assert found == "on"


async def test_times_are_utc_whatever_the_zone_of_the_server(postgres_url: str) -> None:
    zoned = f"{postgres_url}?options=-c%20timezone%3DAsia/Tehran"
    store, other = open_store(zoned, StandingClock()), open_store(postgres_url, StandingClock())
    entry = await store.append(a_draft())
    assert [each.at for each in [found async for found in other.entries()]] == [entry.at]
    assert (await store.search(AuditSearch(limit=1)))[0].at == entry.at
    await store.close()
    await other.close()
