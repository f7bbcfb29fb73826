"""Customers of the orders service: a load generator that does not wait.

Requests leave at times drawn beforehand (a Poisson process), whether or not earlier ones have been
answered. A generator that waits for answers offers less load to a slow server and so hides the very
slowness it should show. What is outstanding is bounded all the same; a request that the bound holds
back is counted as `not_sent`, and a run with such requests says nothing about the server.

Every customer comes from an address of their own (127.x.y.z, on Linux), so that a load balancer sees
as many clients as there are. Each signs in first and then does what a desk does.

What is counted:

* `failed`: the application answered 5xx. It was the application if its version header is there.
* `lost`: nobody answered for the application: no connection, a connection that broke, no answer in
  time, or a 5xx without the header, which is a load balancer's own. **No request is tried again**,
  not even where HTTP allows it: a request that a customer sees fail is a lost one. To take part in
  no race with a server that closes an idle connection, connections idle for 20 s are not used again;
  a lost request that went out on a used connection says so in its reason.
* `customers_hurt`: how many customers had a failed or a lost request.

    python customers.py --url http://127.0.0.1:8000 --rate 60 --seconds 30 --out load.jsonl
"""

import argparse
import asyncio
import contextlib
import errno
import ipaddress
import json
import math
import os
import random
import signal
import socket
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, TextIO
from urllib.parse import urlsplit

import aiohttp

VERSION_HEADERS = ("X-Orders-Version", "X-Service-Version")
UNKNOWN = "unknown"  # the version of an answer that names none, and of no answer
PASSWORD = "orders-demo"
DESKS = 5
LISTED_LOST = 50


@dataclass(frozen=True)
class Options:
    """How much load, and of what kind. Rates are per second, times in seconds."""

    url: str
    rate: float = 60.0
    seed: int = 1
    seconds: float | None = None
    out: Path | None = None
    without_courier: float = 0.5
    tracking: bool = False
    plain: str | None = None
    post_share: float = 0.0
    customers: int = 200
    timeout: float = 10.0
    max_outstanding: int = 2_000
    idle: float = 20.0
    connections_each: int = 4


@dataclass(frozen=True)
class Lost:
    """A request that the application did not answer; `time` is Unix seconds."""

    time: float
    method: str
    path: str
    customer: str
    reason: str


@dataclass(frozen=True)
class OfVersion:
    """What one version answered. Milliseconds are within one per cent; None without answers."""

    answered: int
    by_status: dict[str, int]
    failed: int
    customers_hurt: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Summary:
    """A whole run. `worst_lag_ms` is how late the generator itself was at worst."""

    seconds: float
    requests: int
    answered: int
    failed: int
    lost: int
    not_sent: int
    by_status: dict[str, int]
    by_version: dict[str, OfVersion]
    customers_hurt: int
    worst_lag_ms: float
    cpu_seconds: float
    lost_requests: tuple[Lost, ...]


# --- what a customer asks ---------------------------------------------------------------------

Kind = Literal["login", "create", "list", "read", "track", "dashboard", "export", "plain"]


@dataclass(frozen=True)
class Request:
    """One request, before it is sent."""

    kind: Kind
    method: str
    path: str
    body: dict[str, Any] | None = None


MIX: dict[Kind, float] = {"create": 30, "list": 27, "read": 25, "dashboard": 17, "export": 1}
MIX_WITH_TRACKING: dict[Kind, float] = MIX | {"list": 15, "track": 12}
COURIERS = ("North Line", "Quick Wheels", "River Freight", "Blue Van")


@dataclass
class Customer:
    """Someone with an address, perhaps a token, and the orders they remember."""

    name: str
    email: str
    session: aiohttp.ClientSession
    token: str | None = None
    orders: deque[int] = field(default_factory=lambda: deque(maxlen=20))


def next_request(customer: Customer, options: Options, chance: random.Random) -> Request:
    """Choose what a customer does next."""
    if options.plain is not None:
        if chance.random() < options.post_share:
            return Request("plain", "POST", options.plain, {"customer": customer.name})
        return Request("plain", "GET", options.plain)
    if customer.token is None:
        credentials = {"email": customer.email, "password": PASSWORD}
        return Request("login", "POST", "/api/v1/login", credentials)
    mix = MIX_WITH_TRACKING if options.tracking else MIX
    kind = chance.choices(tuple(mix), tuple(mix.values()))[0]
    return ACTIONS[kind](customer, options, chance)


def _create(customer: Customer, options: Options, chance: random.Random) -> Request:
    order: dict[str, Any] = {
        "customer_name": f"Customer {customer.name}",
        "items": [{"sku": "CRATE-S", "quantity": chance.randint(1, 9)}],
    }
    if chance.random() >= options.without_courier:
        order["courier"] = chance.choice(COURIERS)
    return Request("create", "POST", "/api/v1/orders", order)


def _read(customer: Customer, options: Options, chance: random.Random) -> Request:
    if not customer.orders:
        return ACTIONS["list"](customer, options, chance)
    return Request("read", "GET", f"/api/v1/orders/{chance.choice(customer.orders)}")


def _get(kind: Kind, path: str) -> Callable[[Customer, Options, random.Random], Request]:
    return lambda *_: Request(kind, "GET", f"/api/v1/{path}")


ACTIONS: dict[Kind, Callable[[Customer, Options, random.Random], Request]] = {
    "create": _create,
    "read": _read,
    "list": _get("list", "orders"),
    "track": _get("track", "orders/tracking"),
    "dashboard": _get("dashboard", "dashboard"),
    "export": _get("export", "orders/export.xlsx?rows=100"),
}


# --- what is counted --------------------------------------------------------------------------

_GROWTH = math.log(1.02)  # neighbouring latency buckets differ by two per cent


@dataclass
class _VersionTally:
    by_status: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    latencies: Counter[int] = field(default_factory=Counter)

    def add(self, other: "_VersionTally") -> None:
        self.by_status += other.by_status
        self.failed += other.failed
        self.latencies += other.latencies

    def percentile_ms(self, share: float) -> float | None:
        wanted, seen = share * self.latencies.total(), 0
        for bucket in sorted(self.latencies):
            seen += self.latencies[bucket]
            if seen >= wanted:
                return round(math.exp((bucket + 0.5) * _GROWTH), 2)
        return None

    def frozen(self, customers_hurt: int) -> OfVersion:
        return OfVersion(
            answered=self.by_status.total(),
            by_status=dict(sorted(self.by_status.items())),
            failed=self.failed,
            customers_hurt=customers_hurt,
            p50_ms=self.percentile_ms(0.50),
            p95_ms=self.percentile_ms(0.95),
            p99_ms=self.percentile_ms(0.99),
        )


@dataclass
class _Tally:
    """The counts of some stretch of time, and who was hurt in it, by version."""

    requests: int = 0
    lost: int = 0
    not_sent: int = 0
    versions: dict[str, _VersionTally] = field(default_factory=lambda: defaultdict(_VersionTally))
    hurt: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def answered(self, customer: str, version: str, status: int, milliseconds: float) -> None:
        tally = self.versions[version]
        tally.by_status[f"{status // 100}xx"] += 1
        tally.latencies[math.floor(math.log(max(milliseconds, 0.01)) / _GROWTH)] += 1
        if status >= 500 and version != UNKNOWN:
            tally.failed += 1
            self.hurt[version].add(customer)

    def add(self, other: "_Tally") -> None:
        self.requests += other.requests
        self.lost += other.lost
        self.not_sent += other.not_sent
        for version, tally in other.versions.items():
            self.versions[version].add(tally)
        for version, customers in other.hurt.items():
            self.hurt[version] |= customers

    def counts(self) -> dict[str, Any]:
        by_version = {
            version: self.versions[version].frozen(len(self.hurt.get(version, ())))
            for version in sorted(self.versions.keys() | self.hurt.keys())
        }
        by_status = sum((Counter(v.by_status) for v in by_version.values()), Counter[str]())
        return {
            "requests": self.requests,
            "answered": by_status.total(),
            "failed": sum(v.failed for v in by_version.values()),
            "lost": self.lost,
            "not_sent": self.not_sent,
            "by_status": dict(sorted(by_status.items())),
            "by_version": by_version,
            "customers_hurt": len(set().union(*self.hurt.values())),
        }


# --- the run ----------------------------------------------------------------------------------


class _Run:
    def __init__(self, options: Options, out: TextIO | None) -> None:
        self._options = options
        self._url = options.url.rstrip("/")
        self._out = out
        self._chance = random.Random(options.seed)
        self._second = _Tally()
        self._total = _Tally()
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
            finished, self._second = self._second, _Tally()
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


def _options(arguments: list[str]) -> Options:
    given = Options(url="")
    parser = argparse.ArgumentParser(description="Offer load to the orders service, open loop.")
    add = parser.add_argument
    add("--url", required=True, help="where the service or its load balancer is")
    add("--rate", type=float, default=given.rate, help="requests per second (%(default)s)")
    add("--seed", type=int, default=given.seed, help="same seed, same schedule (%(default)s)")
    add("--seconds", type=float, help="how long (until SIGTERM or SIGINT)")
    add("--out", type=Path, default=Path("-"), help="file for JSON lines (standard output)")
    add("--without-courier", type=float, default=given.without_courier, metavar="SHARE")
    add("--tracking", action="store_true", help="also ask for tracking, new in v1.2.0")
    add("--plain", metavar="PATH", help="only ask for PATH, without signing in")
    add("--post-share", type=float, default=given.post_share, help="with --plain: how many POSTs")
    add("--customers", type=int, default=given.customers, help="how many (%(default)s)")
    return Options(**vars(parser.parse_args(arguments)))


async def _until_signal(options: Options) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(options, stop)


def main() -> None:
    """Run from the command line."""
    asyncio.run(_until_signal(_options(sys.argv[1:])))


if __name__ == "__main__":
    main()
