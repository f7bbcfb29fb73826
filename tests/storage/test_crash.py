"""A process that is killed in the middle of its writes leaves whole changes and nothing else."""

import os
import signal
import subprocess
import sys

import pytest
from tests.storage.samples import NOON, StandingClock, a_look, all_of, claimed

from gonogo.domain.audit import first_broken
from gonogo.ports.store import Change
from gonogo.storage.store import open_store

RECORD = """
import asyncio, sys
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.slot import Slot, SlotRole
from gonogo.ports.store import Change
from gonogo.storage.store import open_store
from tests.storage.samples import *

async def record():
    store = open_store(sys.argv[1], StandingClock())
    release, lease = await opened(store), await claimed(store)
    for number in range(1, 100_000):
        release = await store.record(Change(
            release, lease,
            audit=a_draft(number=number),
            slots=(Slot("orders", "production", "a", SlotRole.CANARY, version=str(number)),),
            messages=(a_message(f"m{number}"),),
            journal=JournalEntry("r1", "step", StepState.DONE, NOON, output=str(number)),
            look=a_look(number),
            judge=str(number).encode(),
        ))
        print(release.revision, flush=True)

asyncio.run(record())
"""


@pytest.mark.parametrize("lines", [1, 17, 60])
async def test_a_killed_desk_leaves_every_change_whole(shared_url, lines):
    acknowledged = _killed_after(lines, shared_url)
    store = open_store(shared_url, StandingClock())
    release = await store.release("r1")
    assert release is not None
    changes = release.revision
    assert changes >= acknowledged
    entries = await all_of(store.entries())
    assert first_broken(entries) is None
    assert [entry.data.get("number") for entry in entries] == [None, *range(1, changes + 1)]
    assert await store.looks("r1") == tuple(a_look(number) for number in range(1, changes + 1))
    assert await store.judge_memory("r1") == str(changes).encode()
    assert (await store.slots("orders", "production"))[0].version == str(changes)
    assert [entry.output for entry in await store.journal("r1")] == [str(changes)]
    assert len(await store.waiting(NOON, limit=changes + 9)) == changes
    assert (await store.record(Change(release, await claimed(store)))).revision == changes + 1
    await store.close()


def _killed_after(lines: int, url: str) -> int:
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    try:
        for _ in range(lines):
            assert process.stdout.readline()
    finally:
        process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    return lines + len(rest.splitlines())
