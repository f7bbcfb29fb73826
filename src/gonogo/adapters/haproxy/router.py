"""HAProxy as the router of a service in one environment.

Guarantees:

- What is asked for is what is read back afterwards, or ActionFailed is raised.
- A slot that is taken out gets no new request, forced or not, from the moment its command is
  answered (about a millisecond after `apply` is called); nothing is waited for before that.
- A slot is let in only after it accepted a connection. While others stay in rotation, slots are taken
  out first; when none would remain, the new one is let in first, so that customers always have one.
- The files on disk say what was asked for before anything is let in, so that a HAProxy that is
  started again has the right addresses, weights and maintenance states from its first moment.
- Desks may come and go: whichever calls `apply` adopts the running HAProxy. A desk that comes with an
  older picture of the rows than was followed last is refused (`picture` says how).

Assumes that versions are reached by an IP address and a port, on this machine or another: names are
never resolved. The tester's secret is in a file and a socket that only the desk's user can read.
`config` says why HAProxy is set up as it is.
"""

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gonogo.adapters.haproxy import picture, process, runtime, supervised
from gonogo.adapters.haproxy.config import (
    ADDRESSES_FILE,
    CONFIG_FILE,
    NO_ADDRESS,
    TESTERS_FILE,
    ServerPlan,
    addresses_map,
    config_text,
    fixed_part,
    home_of,
    map_text,
    plan_of,
    testers_map,
)
from gonogo.adapters.haproxy.runtime import NotRunning, State
from gonogo.adapters.haproxy.supervised import Supervisor
from gonogo.domain.address import host_port, split
from gonogo.domain.errors import ActionFailed, InvalidInput, Unavailable
from gonogo.domain.ground import Ground, SystemdUnits
from gonogo.domain.slot import SLOT_NAMES, Layout, RouterReading, SlotReading

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_|~-]+")
_SECRET = re.compile(r"[A-Za-z0-9._~+/=:@-]+")
_BIND = re.compile(r"[A-Za-z0-9.:*-]+")


class HaproxyRouter:
    """`ports.router.Router` with one HAProxy for each service and environment.

    Its files are in `directory`/service/environment, readable by the desk's user alone. `up_within`
    is how long, in seconds, a slot that is to be let in may take to accept a connection. `supervisor`
    looks after routers of environments that are deployed to systemd, from their next start until they
    are stopped.
    """

    def __init__(
        self,
        directory: Path,
        *,
        up_within: float = 5.0,
        ring_bytes: int = 1 << 20,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._root = directory.absolute()
        self._supervisor = supervisor
        self._up_within = up_within
        self._ring_bytes = ring_bytes
        self._locks: dict[Path, asyncio.Lock] = {}

    async def apply(self, layout: Layout) -> RouterReading:
        """See `ports.router.Router.apply`."""
        _check(layout)
        home = home_of(self._root, layout.service, layout.environment)
        async with self._locks.setdefault(home, asyncio.Lock()):
            keeper = self._keeper(home, layout.ground)
            change = _Change(home, layout, self._ring_bytes, self._up_within, keeper)
            picture.see_that_none_is_newer(home, layout)
            for _ in range(2):
                before = await change.see_that_it_runs()
                try:
                    return await change.converge(before)
                except NotRunning:
                    continue  # it died between two commands; the second round starts it again
            raise Unavailable(
                f"HAProxy of {layout.service} in {layout.environment} keeps ending",
                hint=f"read {home / process.LOG_FILE}",
            )

    async def read(self, service: str, environment: str) -> RouterReading | None:
        """See `ports.router.Router.read`."""
        home = home_of(self._root, service, environment)
        try:
            return _reading(await runtime.state(home))
        except NotRunning:
            if await process.running(home) is None:
                return None
            raise

    async def obstacle(self, bind: str, port: int) -> str | None:
        """See `ports.router.Router.obstacle`."""
        return await process.obstacle(bind, port)

    async def stop(self, service: str, environment: str) -> None:
        """See `ports.router.Router.stop`."""
        home = home_of(self._root, service, environment)
        async with self._locks.setdefault(home, asyncio.Lock()):
            keeper = self._keeper(home)
            if keeper is not None:
                await keeper.end(home, forget=True)
            await process.end(home)
            picture.forget(home)

    def _keeper(self, home: Path, ground: Ground | None = None) -> Supervisor | None:
        """Who looks after the router: once somebody does, until it is stopped."""
        keeper = self._supervisor
        if keeper is None or isinstance(ground, SystemdUnits):
            return keeper
        return keeper if keeper.knows(home) else None


class _Change:
    """One layout on its way into one HAProxy."""

    def __init__(
        self,
        home: Path,
        layout: Layout,
        ring_bytes: int,
        up_within: float,
        supervisor: Supervisor | None,
    ) -> None:
        self._home = home
        self._supervisor = supervisor
        self._layout = layout
        self._up_within = up_within
        self._plans = plan_of(layout)
        self._testers = testers_map(layout, self._plans)
        self._fixed, self._digest = fixed_part(layout, ring_bytes)

    async def see_that_it_runs(self) -> State:
        found = await self._found()
        if found is None:  # one without its socket cannot be told anything
            if self._supervisor is not None:
                await self._supervisor.end(self._home, forget=False)
            await process.end(self._home)
            return await self._start(over=None)
        detached = self._supervisor is not None and not self._supervisor.knows(self._home)
        if found.description == self._digest and not detached:
            return found
        # Another port or header, or a newer gonogo: the next process takes the sockets over. It begins
        # with the layout as asked for, so what applies before a change applies before the start.
        new = self._newcomers(found)
        out = self._take_out(found, SLOT_NAMES)
        if out and self._somebody_stays(new):
            await runtime.command(self._home, *out)
        await asyncio.gather(*(self._accepts(name) for name in new))
        return await self._start(over=found.pid)

    async def _found(self) -> State | None:
        try:
            return await runtime.state(self._home)
        except NotRunning:
            if self._supervisor is None or not self._supervisor.knows(self._home):
                return None
            return await supervised.coming_up(self._supervisor, self._home)

    async def _start(self, over: int | None) -> State:
        await self._write()
        home, bind, port = self._home, self._layout.bind, self._layout.port
        if self._supervisor is not None:
            wanted = self._digest
            return await supervised.start(self._supervisor, home, bind, port, wanted, over=over)
        await process.start(home, bind, port, over=over)
        return await runtime.state(self._home)

    async def converge(self, before: State) -> RouterReading:
        new = self._newcomers(before)
        moving = [name for name in SLOT_NAMES if self._moves(before, name)]
        first = self._take_out(before, SLOT_NAMES)
        last: list[str] = []
        said = ""
        if first and self._somebody_stays(new):
            said = await runtime.command(self._home, *first)
            first = []
        elif first:
            first = self._take_out(before, moving)
            last = self._take_out(before, [name for name in SLOT_NAMES if name not in moving])
        await self._write()
        await asyncio.gather(*(self._accepts(name) for name in new))
        commands = [*first, *self._let_in(before, moving), *last]
        if commands:
            said += await runtime.command(self._home, *commands)
        after = await runtime.state(self._home)
        self._compare(after, said)
        if self._supervisor is not None:
            await supervised.keep(self._supervisor, self._home)
        return _reading(after, accepted=new)

    def _newcomers(self, now: State) -> list[str]:
        return [
            name for name, plan in self._plans.items() if plan.weight and not self._in(now, name)
        ]

    def _somebody_stays(self, new: list[str]) -> bool:
        """Whether customers have a slot without the new ones, or are to have none at all."""
        wanted = [name for name, plan in self._plans.items() if plan.weight]
        return len(new) < len(wanted) or not wanted

    def _in(self, now: State, name: str) -> bool:
        """Whether customers reach the slot already, at the address that is wanted."""
        row = now.servers["customers", name]
        return row.reachable and row.weight > 0 and not self._moves(now, name)

    def _moves(self, now: State, name: str) -> bool:
        address = self._plans[name].address or NO_ADDRESS
        return any(now.servers[backend, name].address != address for backend in _BACKENDS) or (
            now.addresses.get(name) != address
        )

    def _take_out(self, now: State, names: Iterable[str]) -> list[str]:
        commands = []
        for name in names:
            plan, row, moves = (
                self._plans[name],
                now.servers["customers", name],
                self._moves(now, name),
            )
            if (row.reachable or row.weight > 0) and (moves or not plan.weight):
                commands.append(f"set server customers/{name} state maint")
                commands.append(f"set server customers/{name} weight 0")
            if now.servers["testers", name].reachable and (moves or not plan.testers):
                commands.append(f"set server testers/{name} state maint")
        return commands

    def _let_in(self, before: State, moving: list[str]) -> list[str]:
        commands = []
        for name in moving:
            commands += _point(name, self._plans[name].address or NO_ADDRESS)
        for name, plan in self._plans.items():
            row = before.servers["customers", name]
            if (plan.weight and row.weight != plan.weight) or name in moving:
                commands.append(f"set server customers/{name} weight {plan.weight}")
            if plan.weight and not self._in(before, name):
                commands.append(f"set server customers/{name} state ready")
            if plan.weight and (not self._in(before, name) or row.wavering):
                # Otherwise one failed check right now would count as the last of many.
                commands.append(f"set server customers/{name} health up")
            if plan.testers and (name in moving or not before.servers["testers", name].reachable):
                commands.append(f"set server testers/{name} state ready")
                commands.append(f"set server testers/{name} health up")
        if before.testers != self._testers:
            commands.append(f"clear map {TESTERS_FILE}")
            commands += [f"add map {TESTERS_FILE} {key} {to}" for key, to in self._testers.items()]
        return commands

    async def _accepts(self, name: str) -> None:
        """Wait until the slot accepts a connection. Raises ActionFailed when it does not in time."""
        address = self._plans[name].address or NO_ADDRESS
        host, port = split(address)
        loop = asyncio.get_running_loop()
        until = loop.time() + self._up_within
        while True:
            try:
                async with asyncio.timeout_at(until):
                    _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            except OSError as error:  # TimeoutError is one of them
                if loop.time() + 0.02 >= until:
                    raise ActionFailed(
                        f"slot {name} ({address}) of {self._layout.service} in"
                        f" {self._layout.environment} did not accept a connection within"
                        f" {self._up_within:g} s, so it gets no customers",
                        detail=str(error),
                    ) from error
            await asyncio.sleep(0.02)

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(
                _write_files, self._home, self._layout, self._fixed, self._plans, self._testers
            )
        except OSError as error:
            raise ActionFailed(
                f"the router's files in {self._home} cannot be written: {error.strerror or error}"
            ) from error

    def _compare(self, after: State, said: str) -> None:
        wrong = []
        for name, plan in self._plans.items():
            customers = after.servers["customers", name]
            testers = after.servers["testers", name]
            found = (customers.weight if customers.reachable else 0, testers.reachable)
            if found != (plan.weight, plan.testers) or self._moves(after, name):
                wrong.append(
                    f"slot {name} is {customers.status} with weight {customers.weight} at"
                    f" {customers.address}, testers {testers.status}; asked for was weight"
                    f" {plan.weight} at {plan.address}, testers {'in' if plan.testers else 'out'}"
                )
        if after.testers != self._testers:
            wrong.append("the tester's secret does not lead where it should")
        if after.description != self._digest:
            wrong.append("HAProxy was started with another configuration")
        if wrong:
            raise ActionFailed(
                f"the router of {self._layout.service} in {self._layout.environment} is not as"
                f" asked for: {wrong[0]}",
                detail="\n".join([*wrong, said.strip()]),
            )


_BACKENDS = ("customers", "testers")


def _check(layout: Layout) -> None:
    if (layout.tester_header is None) != (layout.tester_secret is None):
        raise InvalidInput("a tester header needs a secret, and a secret needs a header")
    if layout.tester_header is not None and not _HEADER.fullmatch(layout.tester_header):
        raise InvalidInput(f'"{layout.tester_header}" cannot be the name of a header')
    if layout.tester_secret is not None and not _SECRET.fullmatch(layout.tester_secret):
        raise InvalidInput(
            "the tester's secret may hold letters, digits and . _ ~ + / = : @ - only"
        )
    if not _BIND.fullmatch(layout.bind) or not 0 < layout.port < 65536:
        raise InvalidInput(f'customers cannot come in at "{layout.bind}" port {layout.port}')
    for target in layout.targets:
        if target.slot not in SLOT_NAMES:
            raise InvalidInput(f'there is no slot "{target.slot}", only {", ".join(SLOT_NAMES)}')
        if target.address is not None and host_port(*split(target.address)) != target.address:
            raise InvalidInput(f'"{target.address}" is not how an IP address and port are written')
    total = sum(target.share for target in layout.targets)
    if any(not 0 <= target.share <= 1 for target in layout.targets) or (
        total and abs(total - 1) > 1e-6
    ):
        raise InvalidInput(f"shares must add up to 1 or to 0, not to {total:g}")
    homeless = [target.slot for target in layout.targets if target.share and not target.address]
    if homeless:
        raise InvalidInput(f"slot {homeless[0]} is to get customers but has no address")


def _point(name: str, address: str) -> list[str]:
    host, port = split(address)
    return [
        *(f"set server {backend}/{name} addr {host} port {port}" for backend in _BACKENDS),
        f"set map {ADDRESSES_FILE} {name} {address}",
    ]


def _write_files(
    home: Path,
    layout: Layout,
    fixed: str,
    plans: Mapping[str, ServerPlan],
    testers: Mapping[str, str],
) -> None:
    for directory in (home.parent.parent, home.parent, home):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    picture.follow(home, layout)
    for name, text in (
        (TESTERS_FILE, map_text(testers)),
        (ADDRESSES_FILE, map_text(addresses_map(plans))),
        (CONFIG_FILE, config_text(fixed, plans)),
    ):
        path = home / name
        if path.exists() and path.read_text() == text:
            continue
        new = home / f"{name}.new"
        new.touch(mode=0o600)
        new.chmod(0o600)
        new.write_text(text)
        new.replace(path)


def _reading(now: State, accepted: list[str] | None = None) -> RouterReading:
    """`accepted` are slots that accepted a connection just now, before HAProxy's own next check."""
    serving = {
        name: now.servers["customers", name].weight
        for name in SLOT_NAMES
        if now.servers["customers", name].reachable
        and not now.servers["customers", name].status.startswith("DOWN")
    }
    total = sum(serving.values())
    slots = {}
    for name in SLOT_NAMES:
        customers, testers = (now.servers[backend, name] for backend in _BACKENDS)
        slots[name] = SlotReading(
            slot=name,
            address=None if customers.address == NO_ADDRESS else customers.address,
            up=customers.up or testers.up or name in (accepted or ()),
            in_rotation=(customers.reachable and customers.weight > 0) or testers.reachable,
            share=serving.get(name, 0) / total if total else 0.0,
            sessions=customers.sessions + testers.sessions,
        )
    return RouterReading(pid=now.pid, slots=slots, requests=now.requests)
