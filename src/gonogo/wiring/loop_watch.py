"""A thread that sees when the event loop stands still, and says where.

While a call blocks the loop nothing of the desk can act, and nothing of the loop can say so. The thread
asks the loop for a sign every second; when none comes for a while it writes the stack of the loop's
thread into the log, and once more when it is over. Where even this thread does not come to run, because a
library holds the interpreter's lock, Python's fault handler writes all stacks to standard error; it does
so too when the whole process was stopped for longer and goes on.
"""

import asyncio
import faulthandler
import logging
import sys
import threading
import time
import traceback

log = logging.getLogger("gonogo.loop")

_EVERY_SECONDS = 1.0
_LONGEST_HOLD_SECONDS = 20.0


class LoopWatch:
    """Watches the running event loop while it is open. `patience_seconds` is how long it may be silent."""

    def __init__(
        self, patience_seconds: float = 5.0, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._patience = patience_seconds
        self._every = every_seconds
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._heard_at = 0.0

    async def __aenter__(self) -> "LoopWatch":
        """Begin to watch the loop that runs this."""
        loop, identity = asyncio.get_running_loop(), threading.get_ident()
        self._heard_at = time.monotonic()
        self._thread = threading.Thread(
            target=self._watch, args=(loop, identity), name="gonogo-loop-watch", daemon=True
        )
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        faulthandler.cancel_dump_traceback_later()

    def _watch(self, loop: asyncio.AbstractEventLoop, identity: int) -> None:
        told = False
        while not self._ending.is_set():
            if sys.__stderr__ is not None:
                faulthandler.dump_traceback_later(_LONGEST_HOLD_SECONDS, file=sys.__stderr__)
            try:
                loop.call_soon_threadsafe(self._hear)
            except RuntimeError:  # the loop is closed
                return
            asked = time.monotonic()
            self._ending.wait(self._every)
            now = time.monotonic()
            if now - asked > self._every + self._patience:
                # This thread did not run either: the whole process stood still.
                self._heard_at = now
                continue
            silent = now - self._heard_at
            if silent > self._patience and not told:
                log.error(
                    "the event loop has stood still for %.0f s; its thread is here:\n%s",
                    silent,
                    _stack_of(identity),
                )
                told = True
            elif silent <= self._patience and told:
                log.warning("the event loop goes on")
                told = False

    def _hear(self) -> None:
        self._heard_at = time.monotonic()


def _stack_of(identity: int) -> str:
    frame = sys._current_frames().get(identity)  # noqa: SLF001 - the only way to another thread's stack
    return "it has ended" if frame is None else "".join(traceback.format_stack(frame)).rstrip()
