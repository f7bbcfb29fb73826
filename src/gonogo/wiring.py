"""The composition root: the one place that knows which adapter stands behind which port."""

import asyncio
import contextlib
import fcntl
import getpass
import json
import logging
import os
import secrets
import signal
import socket
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from gonogo.adapters.console_notifier import ConsoleNotifier
from gonogo.adapters.haproxy.checkup import HaproxyCheckup
from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.host_checkup import HostCheckup
from gonogo.adapters.http_smoke import HttpSmokeRunner
from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.source import GitSource
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.system_clock import SystemClock
from gonogo.controllers.desk import Desk
from gonogo.controllers.world import World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import Conflict, InvalidInput
from gonogo.domain.health import Finding
from gonogo.domain.look import Look
from gonogo.settings import Settings
from gonogo.storage.store import SqlStore, open_store
from gonogo.usecases import operation, views
from gonogo.usecases.context import Context

if TYPE_CHECKING:
    import uvicorn

Answer = TypeVar("Answer")

_STOP_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Parts:
    """Everything put together over one folder; closed with `store.close()`."""

    store: SqlStore
    world: World
    context: Context
    owner: Actor
    deployer: ProcessDeployer
    workshop: GitWorkshop


def owner() -> Actor:
    """Whoever owns the desk's process; people sign in by name once there are roles."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(name=name, role=Role.OWNER)


def assemble(settings: Settings, wake: Callable[[str], None]) -> Parts:
    """Put the program together. Raises what opening the database raises."""
    home = _private(settings.home)
    clock = SystemClock()
    store = open_store(f"sqlite:///{settings.database}", clock)
    workshop = GitWorkshop(_private(home / "versions"))
    deployer = ProcessDeployer(_private(home / "instances"), workshop.files)
    router = HaproxyRouter(_private(home / "routers"))
    source = GitSource()
    world = World(
        desk=socket.gethostname(),
        clock=clock,
        store=store,
        deployer=deployer,
        workshop=workshop,
        router=router,
        metrics=HaproxyMetrics(home / "routers", clock, _key(home / "digest.key")),
        smoke=HttpSmokeRunner(workshop.run),
        notifier=ConsoleNotifier(sys.stdout),
        new_id=new_id,
        free_port=free_port,
    )
    context = Context(
        store=store,
        source=source,
        deployer=deployer,
        router=router,
        clock=clock,
        new_id=new_id,
        wake=wake,
        checkups=(HostCheckup(home), HaproxyCheckup()),
    )
    return Parts(store, world, context, owner(), deployer, workshop)


def new_id() -> str:
    """A fresh id that sorts by nothing and tells nothing."""
    return uuid.uuid4().hex[:12]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.getuid():
        raise InvalidInput(
            f"{folder} belongs to somebody else", hint="set GONOGO_HOME to a folder of yours"
        )
    folder.chmod(0o700)
    return folder


def _key(file: Path) -> bytes:
    """The key under which customers' addresses are digested; made once."""
    return bytes.fromhex(_secret(file))


def _secret(file: Path) -> str:
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
    return file.read_text().strip()


class LocalProgram:
    """The whole program in this process, over one folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def serve(self, port: int | None) -> None:
        """Run the desk until SIGINT, SIGTERM or a request to stop."""
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        for talkative in ("alembic", "httpx2", "httpcore2"):
            logging.getLogger(talkative).setLevel(logging.WARNING)
        wanted = self._settings.port if port is None else port
        _private(self._settings.home)
        with _only_desk(self._settings) as lock:
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            asyncio.run(_serve(self._settings, wanted))

    def stop_everything(self) -> tuple[str, ...]:
        """Stop the desk, then every version and router it left running."""
        if not self._settings.database.exists():
            return ()
        told = ("the desk",) if self._stop_desk() else ()

        async def stop(parts: Parts) -> tuple[str, ...]:
            stopped = await operation.stop_everything(parts.context, parts.owner)
            orphans = await parts.deployer.stop_all(parts.world.rhythm.stop_grace.total_seconds())
            await parts.workshop.end_orphans()
            named = (f"{each.service} {each.version} in {each.environment}" for each in orphans)
            return (*stopped, *named)

        return (*told, *self._with_parts(stop))

    def examine(self) -> tuple[Finding, ...]:
        """Site health from this process."""
        return self._with_parts(lambda parts: operation.examine(parts.context))

    def plot(self, looks: Sequence[Look]) -> str:
        """What the judge saw and said, as one SVG file."""
        from gonogo.web.plot import plot

        return plot(looks)

    def verify_chain(self) -> dict[str, Any]:
        """Whether the audit chain holds, read from this process."""
        found = self._with_parts(lambda parts: operation.verify_chain(parts.context))
        return views.chain_view(found)

    def _with_parts(self, work: Callable[[Parts], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            parts = assemble(self._settings, lambda _: None)
            try:
                return await work(parts)
            finally:
                await parts.store.close()

        return asyncio.run(run())

    def _stop_desk(self) -> bool:
        """Ask a running desk to end and wait until it let go of its lock."""
        try:
            with _only_desk(self._settings):
                return False
        except Conflict:
            pass
        # Not from desk.json: a killed desk leaves it behind, and its process id may be another's by now.
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int(self._settings.lock.read_text()), signal.SIGTERM)
        return _released(self._settings)


def _released(settings: Settings) -> bool:
    deadline = time.monotonic() + _STOP_PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(Conflict), _only_desk(settings):
            return True
        time.sleep(0.05)
    raise Conflict("the desk did not stop", hint="look at its output, then stop its process")


@contextlib.contextmanager
def _only_desk(settings: Settings) -> Iterator[TextIO]:
    """Hold the folder's lock: one desk for each SQLite database. A desk writes its process id into it."""
    with settings.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"a desk is running over {settings.home} already",
                hint="use it (`gonogo status`), or end it with `gonogo down`",
            ) from error
        yield lock


class WakeUp:
    """Tells the desk, once there is one, that something was stored."""

    desk: Desk | None = None

    def __call__(self, release: str) -> None:
        if self.desk is not None:
            self.desk.wake(release)


async def _serve(settings: Settings, port: int) -> None:
    import uvicorn

    from gonogo.api.application import build_application, token_check
    from gonogo.web.pages import add_pages

    woken = WakeUp()
    parts = assemble(settings, woken)
    desk = Desk(parts.world)
    woken.desk = desk
    token = _secret(settings.token)
    with _listener(port) as listening:
        bound = listening.getsockname()[1]
        server: uvicorn.Server | None = None

        def stop() -> None:
            if server is not None:
                server.should_exit = True

        application = build_application(parts.context, parts.owner, token, stop)
        add_pages(application, parts.context, token_check(token))
        configuration = uvicorn.Config(
            application, log_level="warning", lifespan="off", timeout_graceful_shutdown=2
        )
        server = _quiet_server(configuration)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        working = asyncio.ensure_future(desk.run())
        _announce(settings, bound)
        try:
            await _until_one_ends(server.serve(sockets=[listening]), working)
        finally:
            settings.address.unlink(missing_ok=True)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await parts.store.close()


def _quiet_server(configuration: "uvicorn.Config") -> "uvicorn.Server":
    """A server that leaves signals alone.

    Uvicorn raises a caught signal again when it has stopped, which would end the process before
    running commands were ended and the store was closed.
    """
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(configuration)


async def _until_one_ends(
    serving: Coroutine[Any, Any, None], working: "asyncio.Task[None]"
) -> None:
    server = asyncio.ensure_future(serving)
    await asyncio.wait({server, working}, return_when=asyncio.FIRST_COMPLETED)
    if working.done():
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
        working.result()
    await server


@contextlib.contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise InvalidInput(
                f"port {port} of 127.0.0.1 cannot be used: {error.strerror}",
                hint="choose another with --port or GONOGO_PORT",
            ) from error
        yield listening


def _announce(settings: Settings, port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    content = json.dumps({"url": url, "pid": os.getpid()})
    temporary = settings.address.with_suffix(".tmp")
    temporary.write_text(content)
    temporary.replace(settings.address)
    sys.stdout.write(f"the desk listens on {url} (its files: {settings.home})\n")
    sys.stdout.flush()


def build_program(settings: Settings) -> LocalProgram:
    """The program that the command line asks for."""
    return LocalProgram(settings)
