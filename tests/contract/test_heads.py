"""What every place keeps in which heads of the audit chain are published."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.adapters.local.heads import FileHeads, GitHeads
from gonogo.adapters.memory.heads import MemoryHeads
from gonogo.ports.heads import Heads


@pytest.fixture(params=["file", "git", "memory"])
def heads(request: pytest.FixtureRequest, repository: Path, tmp_path: Path) -> Heads:
    if request.param == "file":
        return FileHeads(tmp_path / "heads.jsonl")
    return GitHeads(repository) if request.param == "git" else MemoryHeads()


async def test_what_was_published_is_read_back_oldest_first(heads: Heads) -> None:
    envelopes = {number: f'{{"payload":"{number}=="}}' for number in (2, 9, 10, 100)}
    for number, envelope in envelopes.items():
        assert await heads.publish(number, envelope)
    assert await heads.published() == tuple(envelopes.values())


async def test_a_long_envelope_is_read_back_byte_by_byte(heads: Heads) -> None:
    envelope = f'{{"payload":"{"A" * 20_000}","note":"#1 %s \\\\n ünï"}}'
    await heads.publish(1, envelope)
    assert await heads.published() == (envelope,)


async def test_what_was_published_before_stays_as_it_was(
    heads: Heads, repository: Path, run_git: Callable[..., str]
) -> None:
    await heads.publish(1, '{"first":1}')
    await heads.publish(2, '{"second":2}')
    await heads.publish(2, '{"third":3}')
    assert (await heads.published())[:2] == ('{"first":1}', '{"second":2}')
