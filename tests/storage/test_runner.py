import asyncio
import threading
import time

import pytest
from tests.storage.samples import a_draft, claimed, opened

from gonogo.storage.runner import Inline, Threads


def test_a_store_in_memory_answers_without_an_event_loop_and_without_a_thread(in_memory):
    threads = threading.active_count()
    for call in (opened(in_memory), claimed(in_memory), in_memory.append(a_draft())):
        with pytest.raises(StopIteration):
            call.send(None)
    assert threading.active_count() == threads


async def test_work_runs_in_one_thread_of_its_own_in_order():
    run, seen = Threads(), []
    await asyncio.gather(
        *(run(lambda n=n: seen.append((n, threading.get_ident()))) for n in range(20))
    )
    run.close()
    assert [number for number, _ in seen] == list(range(20))
    (thread,) = {thread for _, thread in seen}
    assert thread != threading.get_ident()


@pytest.mark.parametrize("run", [Inline(), Threads()], ids=["inline", "threads"])
async def test_what_work_raises_reaches_the_caller(run):
    def fail() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        await run(fail)
    run.close()


async def test_of_several_threads_the_second_begins_when_the_first_keeps_somebody_waiting():
    run, go_on = Threads(2, apart=0.05), threading.Event()
    waits = asyncio.ensure_future(run(go_on.wait))
    await asyncio.sleep(0)
    began = time.monotonic()
    assert await run(lambda: "done") == "done"
    assert time.monotonic() - began > 0.04
    assert not waits.done()
    go_on.set()
    await waits
    run.close()
