"""The desk's process: its API, its controllers, and how it ends."""

import asyncio
import contextlib
import gc
import ipaddress
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gonogo import __version__
from gonogo.controllers.desk import Desk
from gonogo.domain.actor import Actor
from gonogo.domain.errors import GonogoError, InvalidInput
from gonogo.settings import Settings
from gonogo.storage.presence import Presence
from gonogo.storage.store import SqlStore
from gonogo.usecases.access.invitations import first_admin
from gonogo.usecases.access.sign_in import write
from gonogo.usecases.context import Context
from gonogo.wiring.loop_watch import LoopWatch
from gonogo.wiring.own_files import secret
from gonogo.wiring.parts import Parts, assemble
from gonogo.wiring.service_manager import ServiceManager

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI


_OPEN_FILES = 8192
_TURN_SECONDS = 0.0005
_RUBBISH = (20_000, 20, 20)
"""Objects more than before, searches among the newest, and among those, before the next wider search."""


class WakeUp:
    """Tells the desk, once there is one, that something was stored."""

    desk: Desk | None = None

    def __call__(self, release: str) -> None:
        if self.desk is not None:
            self.desk.wake(release)


async def serve(settings: Settings, port: int) -> None:
    """Serve until a signal or a request to stop. Raises InvalidInput when the port cannot be used."""
    import uvicorn

    manager = ServiceManager()
    woken = WakeUp()
    parts = assemble(settings, woken)
    desk = Desk(parts.world, manager.alive)
    woken.desk = desk
    context = replace(parts.context, controllers=desk.controllers)
    prepare_process()
    with _listener(settings.host, port) as listening:
        bound = listening.getsockname()[1]
        server: uvicorn.Server | None = None

        def stop() -> None:
            if server is not None:
                server.should_exit = True

        application = _application(settings, context, parts.owner, stop)
        own = _own_address(settings, bound)
        ready = partial(manager.ready, f"the desk listens on {own}")
        server = _quiet_server(_configuration(application, settings), ready)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        try:
            presence, lost = _presence(settings, parts.store, woken)
        except GonogoError:
            await parts.close()
            raise
        working = asyncio.ensure_future(_work(desk, lost))
        _announce(settings, own)
        await _invite_first_admin(context, settings.public_url or own)
        try:
            async with LoopWatch():
                await _until_one_ends(server.serve(sockets=[listening]), working)
        finally:
            manager.stopping()
            settings.address.unlink(missing_ok=True)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await write(context, context.failed_sign_ins.rest())
            await _leave(parts, presence)


def _application(
    settings: Settings, context: Context, owner: Actor, stop: Callable[[], None]
) -> "FastAPI":
    """The API and the pages; `stop` ends the server."""
    from gonogo.api.application import build_application
    from gonogo.api.door import (
        Door,
        browser_of,
        csrf_of,
        page_guard,
        reader,
        safe_next,
        session_of,
    )
    from gonogo.api.reach import Reach, allowed_origin
    from gonogo.web.desk.application import add_desk
    from gonogo.web.desk.visitor import Entrance, seen_by
    from gonogo.web.pages import add_pages

    token = secret(settings.token)
    application = build_application(context, owner, token, stop, Reach(settings.public_url))
    door = Door(context, owner, token)
    add_pages(application, context, reader(door))
    add_desk(
        application,
        context,
        seen_by(reader(page_guard(door)), csrf_of),
        allowed_origin,
        Entrance(browser=browser_of, session=session_of, safe=safe_next),
    )
    return application


async def _leave(parts: Parts, presence: Presence | None) -> None:
    if presence is not None:
        await asyncio.to_thread(presence.close)
    await parts.close()


def _presence(
    settings: Settings, store: SqlStore, wake: WakeUp
) -> "tuple[Presence | None, asyncio.Future[None]]":
    """Be known to other desks over the same database; the future fails when this one has to end.

    Raises Conflict when a desk of this name is at work.
    """
    loop = asyncio.get_running_loop()
    lost: asyncio.Future[None] = loop.create_future()

    def end(why: GonogoError) -> None:
        if not lost.done():
            lost.set_exception(why)

    presence = store.presence(
        name=settings.desk,
        host=socket.gethostname(),
        version=__version__,
        wake=lambda release: _soon(loop, wake, release),
        lost=lambda why: _soon(loop, end, why),
    )
    if presence is not None:
        presence.start()
    return presence, lost


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[Any], None], what: object) -> None:
    # Between the end of the desk and the end of its listening there is no loop any more.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, what)


async def _work(desk: Desk, lost: "asyncio.Future[None]") -> None:
    """The desk's work, until it is cancelled or must not go on."""
    working = asyncio.ensure_future(desk.run())
    try:
        await asyncio.wait({working, lost}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    if lost.done():
        lost.result()
    if not working.cancelled():
        working.result()


async def _invite_first_admin(context: Context, base: str) -> None:
    """Where nobody can sign in yet, print the one link that changes it. An earlier one is void then."""
    invited = await first_admin(context)
    if invited is None:
        return
    sys.stdout.write(
        f"nobody can sign in yet; this link makes the first admin, once, until"
        f" {invited.invitation.expires_at:%Y-%m-%d %H:%M} UTC:\n  {base}{invited.path}\n"
    )
    sys.stdout.flush()


def _configuration(application: "FastAPI", settings: Settings) -> "uvicorn.Config":
    """How uvicorn serves the application."""
    import uvicorn

    from gonogo.web.desk.live import LARGEST_FRAME
    from gonogo.wiring.requests import request_protocol
    from gonogo.wiring.websockets import DeskWebSockets

    return uvicorn.Config(
        application,
        log_level="warning",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
        http=request_protocol(),
        ws=DeskWebSockets,
        # Compressing the same message anew for each of many pages would cost more than sending it.
        ws_per_message_deflate=False,
        ws_max_size=LARGEST_FRAME,
        # Whoever else says for whom they ask is not believed.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=None if settings.tls is None else settings.tls.certificate,
        ssl_keyfile=None if settings.tls is None else settings.tls.key,
    )


def _quiet_server(configuration: "uvicorn.Config", ready: Callable[[], None]) -> "uvicorn.Server":
    """A server that leaves signals alone; `ready` is called when it takes requests.

    Uvicorn raises a caught signal again when it has stopped, which would end the process before
    running commands were ended and the store was closed.
    """
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

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


def prepare_process() -> None:
    """What a desk needs of its process, whatever it was started from.

    The store's threads get the interpreter soon when the event loop is busy: every statement gives it
    away and has to get it back, and at Python's usual 5 ms a busy desk takes a tenth of a second to
    store one change, all of it waiting.

    Rubbish that refers to itself is looked for rarely: where a thousand releases are driven, Python's usual
    search through all that lives takes half a second, five seconds apart, and everything waits for it.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    gc.set_threshold(*_RUBBISH)
    allow_many_pages()


def allow_many_pages() -> None:
    """Every open page is an open file, and systems often start a program with 1,024 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            raise InvalidInput(
                f"port {port} of {host} cannot be used: {error.strerror}",
                hint="choose another with --port or GONOGO_PORT",
            ) from error
        yield listening


def _own_address(settings: Settings, port: int) -> str:
    """Where this machine reaches the desk. Over TLS that is its public name, which the certificate has."""
    if settings.tls is not None and settings.public_url is not None:
        return settings.public_url
    host = settings.host if ipaddress.ip_address(settings.host).is_loopback else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"http{'s' if settings.tls else ''}://{shown}:{port}"


def _announce(settings: Settings, url: str) -> None:
    content = json.dumps({"url": url, "pid": os.getpid()})
    temporary = settings.address.with_suffix(".tmp")
    temporary.write_text(content)
    temporary.replace(settings.address)
    sys.stdout.write(f"the desk listens on {url} (its files: {settings.home})\n")
    sys.stdout.flush()
