"""The desk's process: its API, its controllers, and how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from gonogo.controllers.desk import Desk
from gonogo.domain.errors import InvalidInput
from gonogo.settings import Settings
from gonogo.wiring.parts import assemble, secret

if TYPE_CHECKING:
    import uvicorn


class WakeUp:
    """Tells the desk, once there is one, that something was stored."""

    desk: Desk | None = None

    def __call__(self, release: str) -> None:
        if self.desk is not None:
            self.desk.wake(release)


async def serve(settings: Settings, port: int) -> None:
    """Serve until a signal or a request to stop. Raises InvalidInput when the port cannot be used."""
    import uvicorn

    from gonogo.api.application import build_application
    from gonogo.api.door import Door, reader
    from gonogo.web.desk.application import add_desk
    from gonogo.web.desk.visitor import seen_by
    from gonogo.web.pages import add_pages

    woken = WakeUp()
    parts = assemble(settings, woken)
    desk = Desk(parts.world)
    woken.desk = desk
    token = secret(settings.token)
    with _listener(port) as listening:
        bound = listening.getsockname()[1]
        server: uvicorn.Server | None = None

        def stop() -> None:
            if server is not None:
                server.should_exit = True

        application = build_application(parts.context, parts.owner, token, stop)
        guard = reader(Door(parts.context, parts.owner, token))
        add_pages(application, parts.context, guard)
        add_desk(application, parts.context, seen_by(guard))
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
