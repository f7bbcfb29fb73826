"""Which limits a desk is given: its own over SQLite, shared ones over PostgreSQL."""

from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.ports.throttle import Allowance
from gonogo.settings import Settings
from gonogo.wiring.parts import assemble

ONCE = Allowance("once", 1, timedelta(minutes=15))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("database", "shared"),
    [("sqlite", False), ("postgresql", True)],
)
async def test_desks_over_one_postgresql_share_their_limits(
    database: str, shared: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if shared else None
    desks = [
        assemble(Settings(home=tmp_path / name, database_url=url), lambda _: None)
        for name in ("north", "south")
    ]
    try:
        first, second = (desk.context for desk in desks)
        assert await first.throttle.take(ONCE, "a") is None
        assert (await second.throttle.take(ONCE, "a") is not None) == shared
        assert first.limiter is not None
        assert second.limiter is not None
        before = await first.limiter.take("a", first.rates.writes)
        after = await second.limiter.take("a", second.rates.writes)
        assert (after.left < before.left) == shared
    finally:
        for desk in desks:
            await desk.close()
