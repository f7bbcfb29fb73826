"""Limits that desks of one PostgreSQL share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa
from tests.postgres import PostgresServer

from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Rate
from gonogo.ports.throttle import Allowance
from gonogo.storage import counts as counting
from gonogo.storage.counts import SharedCounts, shared_counts
from gonogo.storage.limits import SharedLimiter, SharedThrottle

HOUR = Rate(5, 10**8)
TWICE = Allowance("sign-in", 2, timedelta(minutes=15))
PATIENCE = timedelta(seconds=20)


@pytest.fixture
async def desks(postgres_url: str) -> AsyncIterator[tuple[SharedCounts, SharedCounts]]:
    made = (
        SharedCounts(postgres_url, patience=PATIENCE),
        SharedCounts(postgres_url, patience=PATIENCE),
    )
    yield made
    for each in made:
        await each.close()


def test_on_sqlite_nothing_is_shared() -> None:
    assert shared_counts("sqlite:///desk.sqlite3") is None


async def test_a_database_that_is_not_there_is_unavailable_and_forgiving_fails_nobody(
    free_port: Callable[[], int],
) -> None:
    counts = SharedCounts(f"postgresql://desk:hidden@127.0.0.1:{free_port()}/desk")
    with pytest.raises(Unavailable) as refused:
        await SharedLimiter(counts).take("a", HOUR)
    assert "hidden" not in str(refused.value)
    with pytest.raises(Unavailable):
        await SharedThrottle(counts).take(TWICE, "a")
    await SharedThrottle(counts).forgive(TWICE, "a")
    await counts.close()
    with pytest.raises(Unavailable, match="going down"):
        await SharedLimiter(counts).take("a", HOUR)


@pytest.mark.slow
async def test_a_high_limit_is_taken_in_parts_by_two_desks_and_never_passed(
    desks: tuple[SharedCounts, SharedCounts], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def counted(self: SharedCounts, *given: object) -> object:
        asked.append(given)
        return await row(self, *given)  # type: ignore[arg-type]

    row = SharedCounts.row
    monkeypatch.setattr(SharedCounts, "row", counted)
    both, rate = [SharedLimiter(each) for each in desks], Rate(1000, 10**8)
    found = [await both[n % 2].take("a", rate) for n in range(1050)]
    assert sum(each.allowed for each in found) == 1000
    assert [each.left for each in found[:4]] == [999, 989, 998, 988]
    assert len(asked) < 130


@pytest.mark.slow
async def test_desks_share_a_count_also_at_the_same_instant(
    desks: tuple[SharedCounts, SharedCounts],
) -> None:
    both = [SharedLimiter(each) for each in desks]
    found = await asyncio.gather(*(both[n % 2].take("a", HOUR) for n in range(20)))
    assert sum(each.allowed for each in found) == 5
    assert not (await both[1].take("a", HOUR)).allowed


@pytest.mark.slow
async def test_a_flood_beyond_the_limit_costs_the_database_nothing(
    desks: tuple[SharedCounts, SharedCounts], postgres: PostgresServer
) -> None:
    limiter = SharedLimiter(desks[0])
    for _ in range(6):
        await limiter.take("a", HOUR)
    postgres.sql("TRUNCATE counts", "desk")
    refused = await limiter.take("a", HOUR)
    assert (refused.allowed, refused.left, refused.wait > 0) == (False, 0, True)
    assert postgres.sql("SELECT count(*) FROM counts", "desk") == [(0,)]
    assert (await SharedLimiter(desks[0]).take("a", HOUR)).allowed


@pytest.mark.slow
async def test_a_sign_in_that_one_desk_forgives_is_forgiven_everywhere(
    desks: tuple[SharedCounts, SharedCounts],
) -> None:
    one, other = (SharedThrottle(each) for each in desks)
    for _ in range(3):
        await one.take(TWICE, "a")
    assert await other.take(TWICE, "a") is not None
    assert await other.wait(TWICE, "a") is not None
    await one.forgive(TWICE, "a")
    assert await other.wait(TWICE, "a") is None
    assert await other.take(TWICE, "a") is None


@pytest.mark.slow
async def test_tries_count_again_when_their_window_is_over(
    desks: tuple[SharedCounts, SharedCounts], postgres: PostgresServer
) -> None:
    throttle = SharedThrottle(desks[0])
    for _ in range(3):
        await throttle.take(TWICE, "a")
    postgres.sql("UPDATE counts SET began = began - 901, over_at = over_at - 901", "desk")
    assert await throttle.wait(TWICE, "a") is None
    assert [await throttle.take(TWICE, "a") for _ in range(2)] == [None, None]
    assert await throttle.take(TWICE, "a") is not None


@pytest.mark.slow
async def test_the_table_names_nobody_and_forgets_what_is_over(
    desks: tuple[SharedCounts, SharedCounts],
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await SharedLimiter(desks[0]).take("strangers:203.0.113.9", HOUR)
    await SharedThrottle(desks[0]).take(TWICE, "203.0.113.9 quinn")
    rows = str(postgres.sql("SELECT * FROM counts", "desk"))
    assert "203.0.113" not in rows
    assert "quinn" not in rows
    assert postgres.sql(
        "SELECT relpersistence::text FROM pg_class WHERE relname = 'counts'", "desk"
    ) == [("u",)]
    postgres.sql("UPDATE counts SET over_at = 1", "desk")
    monkeypatch.setattr(counting, "_PRUNE_EVERY", timedelta())
    fresh = SharedCounts(postgres.url("desk"), patience=PATIENCE)
    await SharedLimiter(fresh).take("strangers:203.0.113.10", HOUR)
    await fresh.close()
    assert postgres.sql("SELECT count(*) FROM counts", "desk") == [(1,)]


@pytest.mark.slow
async def test_a_row_that_somebody_holds_is_not_waited_for_longer_than_patience(
    desks: tuple[SharedCounts, SharedCounts], postgres: PostgresServer
) -> None:
    await SharedLimiter(desks[0]).take("a", HOUR)
    hasty = SharedCounts(postgres.url("desk"), patience=timedelta(seconds=1))
    async with await psycopg.AsyncConnection.connect(postgres.url("desk")) as holder:
        await holder.execute("SELECT FROM counts FOR UPDATE")
        async with asyncio.timeout(10):
            with pytest.raises(Unavailable):
                await SharedLimiter(hasty).take("a", HOUR)
    await hasty.close()


@pytest.mark.slow
async def test_counting_goes_on_after_the_server_cut_the_connections(
    desks: tuple[SharedCounts, SharedCounts], postgres: PostgresServer
) -> None:
    limiter = SharedLimiter(desks[0])
    assert (await limiter.take("a", HOUR)).left == 4
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'desk'"
        " AND pid <> pg_backend_pid()",
        "desk",
    )
    assert (await limiter.take("a", HOUR)).left == 3


@pytest.mark.slow
async def test_where_the_table_is_missing_nothing_is_counted_as_allowed(
    postgres: PostgresServer,
) -> None:
    url = postgres.fresh()
    counts = SharedCounts(url, patience=PATIENCE)
    with pytest.raises(Unavailable, match="does not count"):
        await counts.row(sa.text("SELECT FROM counts"), {})
    await counts.close()
    postgres.drop(url)
