import asyncio
import os
import sqlite3
import subprocess
import sys
from datetime import timedelta

import pytest
from tests.storage.samples import (
    StandingClock,
    a_draft,
    a_look,
    all_of,
    claimed,
    opened,
    url_of,
)

from gonogo.domain.audit import first_broken
from gonogo.domain.errors import NeedsPerson, Unavailable
from gonogo.ports.store import Change
from gonogo.storage.store import open_store

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""

FILL = """
import asyncio, resource, sys
from gonogo.domain.errors import Unavailable
from gonogo.storage.store import open_store
from tests.storage.samples import StandingClock, a_draft

async def fill():
    store = open_store(sys.argv[1], StandingClock())
    resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, resource.RLIM_INFINITY))
    stored = 0
    for number in range(1000):
        try:
            await store.append(a_draft(text="x" * 2000))
            stored += 1
        except Unavailable as error:
            print(error)
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    entry = await store.append(a_draft())
    print(entry.sequence == stored + 1)
    await store.close()

asyncio.run(fill())
"""


def _start(code: str, argument: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture
def other_program(file):
    """Holds the write lock from the first call until it is told to let go."""
    processes = []

    def hold() -> "subprocess.Popen[str]":
        process = _start(HOLD, str(file))
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for process in processes:
        process.kill()
        process.communicate()


async def test_a_database_locked_by_another_program_is_unavailable_and_then_goes_on(
    on_disk, file, other_program
):
    await on_disk.close()
    store = open_store(url_of(file), StandingClock(), patience=timedelta(milliseconds=50))
    release, lease = await opened(store), await claimed(store)
    process = other_program()
    with pytest.raises(Unavailable) as refused:
        await store.record(Change(release, lease, audit=a_draft(), look=a_look()))
    assert str(refused.value) == f"the database {file} is locked by another program"
    assert refused.value.hint == f"fuser -v {file}"
    process.communicate("\n")
    changed = await store.record(Change(release, lease, audit=a_draft(), look=a_look()))
    assert changed.revision == 1
    assert len(await store.looks("r1")) == 1
    await store.close()


async def test_what_was_stored_can_be_read_while_another_program_writes(on_disk, other_program):
    release = await opened(on_disk)
    other_program()
    assert await on_disk.release("r1") == release


async def test_a_read_does_not_wait_behind_a_write_that_waits_for_a_lock(on_disk, other_program):
    release, lease = await opened(on_disk), await claimed(on_disk)
    process = other_program()
    recording = asyncio.create_task(on_disk.record(Change(release, lease)))
    assert await on_disk.release("r1") == release
    assert not recording.done()
    process.communicate("\n")
    assert (await recording).revision == 1


async def test_a_short_lock_is_waited_for_and_the_event_loop_goes_on_meanwhile(
    on_disk, other_program
):
    release, lease = await opened(on_disk), await claimed(on_disk)
    process = other_program()
    recording = asyncio.create_task(on_disk.record(Change(release, lease)))
    done, _ = await asyncio.wait([recording], timeout=0.05)
    assert not done
    process.communicate("\n")
    assert (await recording).revision == 1


async def test_a_full_database_is_unavailable_keeps_nothing_of_the_change_and_then_goes_on(
    on_disk, file
):
    release, lease = await opened(on_disk), await claimed(on_disk)
    pages = _pragma(on_disk, "page_count")
    _pragma(on_disk, f"max_page_count = {pages}")
    large = Change(release, lease, audit=a_draft(), look=a_look(), judge=os.urandom(50_000))
    with pytest.raises(Unavailable) as refused:
        await on_disk.record(large)
    assert str(refused.value) == f"the database {file} has no space left to write to"
    assert refused.value.hint == f"df -h {file.parent}"
    assert await on_disk.release("r1") == release
    assert await on_disk.looks("r1") == ()
    _pragma(on_disk, f"max_page_count = {pages + 1000}")
    assert (await on_disk.record(large)).revision == 1
    assert first_broken(await all_of(on_disk.entries())) is None


def test_a_disk_that_takes_no_more_is_unavailable_and_then_goes_on(file):
    process = _start(FILL, url_of(file))
    out, _ = process.communicate(timeout=60)
    sentence, went_on = out.splitlines()
    assert sentence.startswith(f"the database {file} ")
    assert went_on == "True"
    chain = _chain(file)
    assert first_broken(chain) is None
    assert len(chain) > 10


async def test_a_read_only_database_is_unavailable(on_disk, file):
    release, lease = await opened(on_disk), await claimed(on_disk)
    _pragma(on_disk, "query_only = ON")
    with pytest.raises(Unavailable, match="cannot be written: it is read-only"):
        await on_disk.record(Change(release, lease))
    _pragma(on_disk, "query_only = OFF")
    assert (await on_disk.record(Change(release, lease))).revision == 1


def test_a_file_that_is_no_database_needs_a_person(file):
    file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(NeedsPerson, match=f"the database {file} is damaged or is not a database"):
        open_store(url_of(file), StandingClock())
    assert file.read_bytes().startswith(b"Dear diary")


async def test_a_damaged_database_needs_a_person(on_disk, file):
    for number in range(200):
        await on_disk.append(a_draft(text="x" * 200, number=number))
    await on_disk.close()
    content = bytearray(file.read_bytes())
    content[4096 * 4 :] = b"\xff" * (len(content) - 4096 * 4)
    file.write_bytes(content)
    with pytest.raises(NeedsPerson, match="is damaged"):
        await _read_all(url_of(file))


def test_a_directory_that_is_not_there_is_unavailable(tmp_path):
    file = tmp_path / "missing" / "desk.sqlite3"
    with pytest.raises(Unavailable) as refused:
        open_store(url_of(file), StandingClock())
    assert str(refused.value) == f"the database {file} cannot be opened"
    assert refused.value.hint == f"ls -ld {file.parent} {file}"


async def test_a_refused_write_leaves_no_lock_behind(on_disk, file):
    with pytest.raises(TypeError):
        await on_disk.append(a_draft(what=object()))
    other = sqlite3.connect(file, timeout=0, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.close()


async def test_a_closed_store_says_so(store):
    await store.close()
    await store.close()
    with pytest.raises(Unavailable, match="the store is closed"):
        await store.releases()


async def test_a_cancelled_caller_leaves_a_whole_change_or_none(on_disk):
    release, lease = await opened(on_disk), await claimed(on_disk)
    recording = asyncio.create_task(
        on_disk.record(Change(release, lease, audit=a_draft(action="x:y:z"), look=a_look()))
    )
    await asyncio.sleep(0)
    recording.cancel()
    await asyncio.wait([recording])
    await on_disk.append(a_draft())  # written after it, so that one was stored or never will be
    stored = await on_disk.release("r1")
    assert stored is not None
    assert len(await on_disk.looks("r1")) == stored.revision
    assert len(await all_of(on_disk.entries())) == 2 + stored.revision


async def _read_all(url: str) -> None:
    store = open_store(url, StandingClock())
    try:
        await all_of(store.entries())
        await store.releases()
        await store.waiting(StandingClock().now())
    finally:
        await store.close()


def _chain(file) -> list:
    async def read() -> list:
        store = open_store(url_of(file), StandingClock())
        entries = await all_of(store.entries())
        await store.close()
        return entries

    return asyncio.run(read())


def _pragma(store, text: str) -> int:
    """Asked of the connection that writes, outside of any transaction."""
    with store._engine.connect() as another:
        writing = store._writes._connection or another
        row = writing.connection.driver_connection.execute(f"PRAGMA {text}").fetchone()
        return row[0] if row else 0
