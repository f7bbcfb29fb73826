"""The run: requests leave when they are due, and nothing is sent a second time."""

import asyncio
import contextlib
import errno
import ipaddress
import json
import math
import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO
from urllib.parse import urlsplit

import aiohttp

from .asking import Customer, Kind, Options, Request, next_request
from .counting import LISTED_LOST, UNKNOWN, Lost, Summary, Tally

VERSION_HEADERS = ("X-Orders-Version", "X-Service-Version")
DESKS = 5


async def run(options: Options, stop: asyncio.Event) -> Summary:
    """Offer load until `stop` is set or `options.seconds` are over.

    Writes to `options.out`, when given, a line of JSON each second and the summary at the end.
    """
    if options.rate <= 0 or options.customers < 1:
        raise ValueError("there is no load without a rate and customers")
    with _opened(options.out) as out:
        return await _Run(options, out).until(stop)


@contextlib.contextmanager
def _opened(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
    elif str(path) == "-":
        yield sys.stdout
    else:
        with path.open("w", encoding="utf-8") as out:
            yield out


class _Run:
    def __init__(self, options: Options, out: TextIO | None) -> None:
        self._options = options
        self._url = options.url.rstrip("/")
        self._out = out
        self._chance = random.Random(options.seed)
        self._second = Tally()
        self._total = Tally()
        self._lost: list[Lost] = []
        self._outstanding = 0
        self._worst_lag = 0.0

    async def until(self, stop: asyncio.Event) -> Summary:
        """Send requests until told to stop or the time is over, then wait for the last answers."""
        began, cpu = time.monotonic(), time.process_time()
        customers = [self._customer(number) for number in range(self._options.customers)]
        reports = asyncio.create_task(self._report_every_second())
        try:
            async with asyncio.TaskGroup() as group:
                arrivals = group.create_task(self._arrivals(customers, group))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._options.seconds):
                        await stop.wait()
                        arrivals.cancel()  # what is under way is still waited for
        finally:
            reports.cancel()
            await asyncio.gather(*(customer.session.close() for customer in customers))
        self._total.add(self._second)
        summary = Summary(
            seconds=round(time.monotonic() - began, 3),
            worst_lag_ms=round(self._worst_lag * 1000, 1),
            cpu_seconds=round(time.process_time() - cpu, 3),
            lost_requests=tuple(self._lost),
            **self._total.counts(),
        )
        self._write({"summary": asdict(summary)})
        return summary

    async def _arrivals(self, customers: list[Customer], group: asyncio.TaskGroup) -> None:
        due = time.monotonic()
        ends = due + (math.inf if self._options.seconds is None else self._options.seconds)
        while (due := due + self._chance.expovariate(self._options.rate)) < ends:
            await asyncio.sleep(max(0, due - time.monotonic()))
            # Drawn before anything is known of earlier answers, so that a seed gives one schedule.
            customer = self._chance.choice(customers)
            own = random.Random(self._chance.getrandbits(64))
            self._second.requests += 1
            if self._outstanding >= self._options.max_outstanding:
                self._second.not_sent += 1
            else:
                self._outstanding += 1
                group.create_task(self._send(customer, own, due))

    async def _send(self, customer: Customer, chance: random.Random, due: float) -> None:
        request = next_request(customer, self._options, chance)
        connection = SimpleNamespace(used=False)
        sent = time.monotonic()
        self._worst_lag = max(self._worst_lag, sent - due)
        try:
            async with customer.session.request(
                request.method,
                self._url + request.path,
                json=request.body,
                headers={"Authorization": f"Bearer {customer.token}"} if customer.token else None,
                allow_redirects=False,
                trace_request_ctx=connection,
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            used = ", on a used connection" if connection.used else ""
            self._lose(customer, request, _reason(error, self._options.timeout) + used)
        else:
            version = next((answer.headers[h] for h in VERSION_HEADERS if h in answer.headers), "")
            took = (time.monotonic() - sent) * 1000
            self._second.answered(customer.name, version or UNKNOWN, answer.status, took)
            if answer.status >= 500 and not version:
                reason = f"{answer.status} without the application's header"
                self._lose(customer, request, reason)
            elif version:
                _remember(customer, request.kind, answer.status, body)
        finally:
            self._outstanding -= 1

    def _lose(self, customer: Customer, request: Request, reason: str) -> None:
        self._second.lost += 1
        self._second.hurt[UNKNOWN].add(customer.name)
        if len(self._lost) < LISTED_LOST:
            now = round(time.time(), 3)
            self._lost.append(Lost(now, request.method, request.path, customer.name, reason))

    async def _report_every_second(self) -> None:
        due = time.monotonic()
        while True:
            due += 1
            await asyncio.sleep(due - time.monotonic())
            finished, self._second = self._second, Tally()
            counts = finished.counts() | {"outstanding": self._outstanding}
            counts["by_version"] = {v: asdict(c) for v, c in counts["by_version"].items()}
            self._write({"time": round(time.time(), 3)} | counts)
            self._total.add(finished)

    def _write(self, line: dict[str, Any]) -> None:
        if self._out is not None:
            print(json.dumps(line), file=self._out, flush=True)

    def _customer(self, number: int) -> Customer:
        address = _address(number) if _is_loopback(self._options.url) else None
        connector = aiohttp.TCPConnector(
            limit=self._options.connections_each,
            keepalive_timeout=self._options.idle,
            family=socket.AF_INET if address else socket.AF_UNSPEC,
            local_addr=(address, 0) if address else None,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._options.timeout),
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # a load balancer may keep a client by one
            trace_configs=[_note_used_connections()],
        )
        # aiohttp sends a GET again when a used connection breaks, and there is no public way to
        # stop it. A second try would hide a lost request.
        session._retry_connection = False  # noqa: SLF001
        return Customer(
            name=address or f"customer-{number}",
            email=f"desk{1 + number % DESKS}@orders.example",
            session=session,
        )


def _remember(customer: Customer, kind: Kind, status: int, body: bytes) -> None:
    if status == 401:
        customer.token = None
    elif kind == "login" and status == 200:
        customer.token = json.loads(body)["token"]
    elif kind == "create" and status == 201:
        customer.orders.append(json.loads(body)["id"])


def _note_used_connections() -> aiohttp.TraceConfig:
    async def note(_session: object, context: SimpleNamespace, _parameters: object) -> None:
        context.trace_request_ctx.used = True

    noting = aiohttp.TraceConfig()
    noting.on_connection_reuseconn.append(note)
    return noting


def _reason(error: Exception, timeout: float) -> str:
    match error:
        case TimeoutError():
            return f"no answer in {timeout:g} s"
        case aiohttp.ServerDisconnectedError():
            return "closed without an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off"
        case aiohttp.ClientConnectorError():
            return f"no connection: {os.strerror(error.errno) if error.errno else error.os_error}"
        case OSError(errno=errno.ECONNRESET):
            return "reset"
        case _:
            return f"{type(error).__name__}: {error}"


def _address(number: int) -> str | None:
    """A loopback address for a customer, or None where only 127.0.0.1 can be bound."""
    address = f"127.{10 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return None
    return address


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False
