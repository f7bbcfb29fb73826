"""The program that the command line asks for."""

import asyncio
import contextlib
import faulthandler
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.health import Finding
from gonogo.domain.look import Look
from gonogo.settings import Settings

if TYPE_CHECKING:
    import psutil

    from gonogo.usecases.bundling.envelopes import Trust
    from gonogo.usecases.desk.heads import HeadPlace
    from gonogo.usecases.desk.operation import Stopped
    from gonogo.usecases.gates.local_check import Checked, CheckRequest
    from gonogo.usecases.gates.patch_guard import Guarded, Request
    from gonogo.usecases.judging.observe_metrics import OnStart, Wanted
    from gonogo.usecases.services.first_spec import FirstSpec
    from gonogo.wiring.parts import Parts

Answer = TypeVar("Answer")

_STOP_PATIENCE_SECONDS = 30.0
_START_PATIENCE_SECONDS = 1.0
_GOODBYE_SECONDS = 5.0


class LocalProgram:
    """The whole program in this process, over one folder.

    What a method needs is imported by it: a check in CI does not wait for the database's library.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def serve(self, port: int | None) -> None:
        """Run the desk until SIGINT, SIGTERM or a request to stop."""
        from gonogo.wiring.lock import only_desk
        from gonogo.wiring.logs import set_up_logs
        from gonogo.wiring.own_files import private
        from gonogo.wiring.serving import serve

        set_up_logs(self._settings.log)
        # A service manager that ends a desk which stands still by SIGABRT leaves its stacks in the log.
        faulthandler.enable()
        wanted = self._settings.port if port is None else port
        private(self._settings.home)
        with only_desk(self._settings.lock, _START_PATIENCE_SECONDS) as lock:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            asyncio.run(serve(self._settings, wanted))

    def who_loses(self) -> tuple[str, ...]:
        """Adopted versions whose customers come through a router that would be stopped."""
        if not self._has_database():
            return ()
        from gonogo.usecases.desk import operation

        return self._with_parts(lambda parts: operation.who_loses(parts.context))

    def plan_leaving(self) -> tuple[str, ...]:
        """What handing customers back would do, a sentence for each environment."""
        if not self._has_database():
            return ()
        from gonogo.wiring import leaving

        found = self._with_parts(leaving.planned)
        return tuple(leaving.intention(each) for each in found)

    def leave(
        self,
        *,
        quiet: timedelta,
        within: timedelta | None,
        router_stays: bool,
        say: Callable[[str], None],
        ask: Callable[[str], bool],
    ) -> tuple[dict[str, Any], ...]:
        """Stop the desk, hand customers back, and end the routers when nobody comes any more."""
        if not self._has_database():
            return ()
        from gonogo.wiring import leaving

        for name in self._stop_desks():
            say(f"stopped {name}")
        wanted = leaving.Leaving(quiet, within, router_stays)
        return self._with_parts(lambda parts: leaving.leave(parts, wanted, say, ask))

    def stop_everything(self) -> "Stopped":
        """Stop the desk, then every version and router it left running."""
        from gonogo.usecases.desk import operation

        if not self._has_database():
            return operation.Stopped(())
        told = self._stop_desks()

        async def stop(parts: "Parts") -> "Stopped":
            stopped = await operation.stop_everything(parts.context, parts.owner)
            orphans = await parts.deployer.stop_all(parts.world.rhythm.stop_grace.total_seconds())
            await parts.workshop.end_orphans()
            named = (f"{each.service} {each.version} in {each.environment}" for each in orphans)
            return operation.Stopped((*told, *stopped.stopped, *named), stopped.left)

        return self._with_parts(stop)

    def _stop_desks(self) -> tuple[str, ...]:
        locks = sorted(self._settings.home.glob("desk*.lock"))
        return tuple(_name_of(lock) for lock in locks if self._stop_desk(lock))

    def examine(self) -> tuple[Finding, ...]:
        """Site health from this process."""
        from gonogo.usecases.desk import operation

        return self._with_parts(lambda parts: operation.examine(parts.context))

    def plot(self, looks: Sequence[Look]) -> str:
        """What the judge saw and said, as one SVG file."""
        from gonogo.web.plot import plot

        return plot(looks)

    def observe(self, wanted: "Wanted", began: "OnStart") -> None:
        """Let the judge watch counts that a metric source has."""
        from gonogo.wiring.observing import observe

        asyncio.run(observe(self._settings, wanted, began))

    def verify_chain(self) -> dict[str, Any]:
        """Whether the audit chain holds, read from this process."""
        from gonogo.usecases.desk import operation
        from gonogo.usecases.views import desk_views

        if not self._has_database():
            raise NotFound(
                f"there is no desk's database in {self._settings.home}: nothing could be checked",
                hint="set GONOGO_HOME to the folder that the desk uses",
            )
        found = self._with_parts(lambda parts: operation.verify_chain(parts.context))
        return desk_views.chain_view(found)

    def migrate_database(self, url: str) -> dict[str, Any]:
        """Move the desk's SQLite database to the PostgreSQL of this URL."""
        from gonogo.storage.moving import move
        from gonogo.wiring.lock import only_desk
        from gonogo.wiring.own_files import secret

        database = self._settings.database
        if not database.exists():
            raise NotFound(
                f"there is no SQLite database in {self._settings.home}: nothing was moved",
                hint="set GONOGO_HOME to the folder that the desk uses",
            )
        with only_desk(replace(self._settings, database_url=None).lock):
            site = secret(self._settings.site)[:16]
            moved = move(f"sqlite:///{database}", url, site)
            return {"source": str(database), **asdict(moved)}

    def publish_head(self, place: "HeadPlace", sequence: int, envelope: str) -> str:
        """Put a signed head of the audit chain there."""
        from gonogo.wiring.parts import heads_at

        return asyncio.run(heads_at(place).publish(sequence, envelope))

    def verify_heads(self, place: "HeadPlace", trust: "Trust | None") -> dict[str, Any]:
        """Whether the audit chain still has the heads published there."""
        from gonogo.usecases.desk.heads import check_view, verify_heads
        from gonogo.wiring.parts import heads_at

        async def check(parts: "Parts") -> dict[str, Any]:
            envelopes = await heads_at(place).published()
            return check_view(await verify_heads(parts.context, envelopes, trust))

        return self._with_parts(check)

    def patch_guard(self, request: "Request") -> "Guarded":
        """One change of a git repository against its limits."""
        from gonogo.adapters.local.history import GitHistory
        from gonogo.adapters.system_clock import SystemClock
        from gonogo.usecases.gates.patch_guard import guard_change

        return asyncio.run(guard_change(GitHistory(), request, SystemClock().now()))

    def first_spec(self, repository: Path, folder: str | None) -> "FirstSpec":
        """A first spec for a service in this folder of a repository."""
        from gonogo.adapters.local.tree import FolderTree
        from gonogo.usecases.services.first_spec import first_spec

        called = repository.absolute().name
        return first_spec(FolderTree(repository), called=called, folder=folder)

    def check(self, request: "CheckRequest") -> "Checked":
        """The gates of a spec over reports and a repository."""
        from gonogo.adapters.local.history import GitHistory
        from gonogo.adapters.system_clock import SystemClock
        from gonogo.usecases.gates.local_check import check_here

        return asyncio.run(check_here(GitHistory(), request, SystemClock().now()))

    def _has_database(self) -> bool:
        return self._settings.database_url is not None or self._settings.database.exists()

    def _with_parts(self, work: "Callable[[Parts], Awaitable[Answer]]") -> Answer:
        from gonogo.wiring.parts import assemble

        async def run() -> Answer:
            parts = assemble(self._settings, lambda _: None)
            try:
                return await work(parts)
            finally:
                await parts.close()

        return asyncio.run(run())

    def _stop_desk(self, lock: Path) -> bool:
        """Ask a running desk to end and wait until it let go of its lock."""
        import psutil

        from gonogo.wiring.lock import only_desk

        try:
            with only_desk(lock):
                return False
        except Conflict:
            pass
        # Not from desk.json: a killed desk leaves it behind, and its process id may be another's by now.
        desk: psutil.Process | None = None
        with contextlib.suppress(psutil.NoSuchProcess, ValueError):
            desk = psutil.Process(int(lock.read_text()))
            desk.send_signal(signal.SIGTERM)
        try:
            with only_desk(lock, _STOP_PATIENCE_SECONDS):
                _wait_until_gone(desk)
                return True
        except Conflict as error:
            hint = "look at its output, then stop its process"
            raise Conflict("the desk did not stop", hint=hint) from error


def _name_of(lock: Path) -> str:
    """The desk that holds this lock, as people call it."""
    name = lock.stem.removeprefix("desk").removeprefix("-")
    return f"the desk {name}" if name else "the desk"


def _wait_until_gone(process: "psutil.Process | None") -> None:
    """Let a process that gave its lock back finish; what waits for its parent's look is gone too."""
    import psutil

    deadline = time.monotonic() + _GOODBYE_SECONDS
    while process is not None and time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
                continue
        return
