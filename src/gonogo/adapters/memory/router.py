"""A router that only remembers its layouts, for tests and for simulations in virtual time."""

import ipaddress
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from gonogo.domain.address import host_port, split
from gonogo.domain.errors import ActionFailed, InvalidInput, OldPicture, Unavailable
from gonogo.domain.slot import SLOT_NAMES, Layout, RouterReading, SlotReading, Target

_Place = tuple[str, str]


@dataclass
class MemoryRouter:
    """The memory twin of `ports.router.Router`.

    `route` says where a customer's request goes, drawn from the caller's random numbers. Trouble is
    made by switches: `closed` holds addresses that accept no connection, `reachable` turned off makes
    every call raise Unavailable, `kill` ends one router, and `stubborn` makes it keep its layout.
    `applied` holds every layout that was asked for, oldest first. `sessions` are the requests that an
    address is still busy with, which draining waits for. `taken` are ports that others hold; `requests`
    counts the customers that were routed, by service and environment.
    """

    closed: set[str] = field(default_factory=set)
    reachable: bool = True
    stubborn: bool = False
    applied: list[Layout] = field(default_factory=list)
    sessions: dict[str, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    requests: Counter[_Place] = field(default_factory=Counter)
    _layouts: dict[_Place, Layout] = field(default_factory=dict)
    _pictures: dict[_Place, int] = field(default_factory=dict)
    _pids: dict[_Place, int] = field(default_factory=dict)
    _last_pid: int = 1000

    async def apply(self, layout: Layout) -> RouterReading:
        """See `ports.router.Router.apply`."""
        _check(layout)
        self._see_that_it_answers(layout.service, layout.environment)
        place = (layout.service, layout.environment)
        if layout.picture < self._pictures.get(place, 0):
            raise OldPicture(
                f"the router of {layout.service} in {layout.environment} follows picture"
                f" {self._pictures[place]} already, not {layout.picture}",
                followed=self._pictures[place],
            )
        self._pictures[place] = layout.picture
        self.applied.append(layout)
        if place not in self._pids:
            self._see_that_the_port_is_free(layout)
            self._last_pid += 1
            self._pids[place] = self._last_pid
            self._layouts[place] = layout
        elif self.stubborn:
            raise ActionFailed(
                f"the router of {layout.service} in {layout.environment} is not as asked for"
            )
        else:
            self._change(place, layout)
        return self._reading(place)

    async def read(self, service: str, environment: str) -> RouterReading | None:
        """See `ports.router.Router.read`."""
        self._see_that_it_answers(service, environment)
        place = (service, environment)
        return self._reading(place) if place in self._pids else None

    async def obstacle(self, bind: str, port: int) -> str | None:
        """See `ports.router.Router.obstacle`. Every loopback address is here, and no other."""
        if not ipaddress.ip_address(bind).is_loopback:
            return f"port {port} on {bind} cannot be used: the address is not here"
        holder = next((each for each in self.running() if each.port == port), None)
        if holder is not None or port in self.taken:
            return f"port {port} on {bind} is taken"
        return None

    async def stop(self, service: str, environment: str) -> None:
        """See `ports.router.Router.stop`."""
        self._see_that_it_answers(service, environment)
        self.kill(service, environment)
        self._pictures.pop((service, environment), None)

    def running(self) -> tuple[Layout, ...]:
        """What every router that runs is laid out like."""
        return tuple(self._layouts[place] for place in self._pids)

    def kill(self, service: str, environment: str) -> None:
        """End the router as a SIGKILL would."""
        self._pids.pop((service, environment), None)

    def route(
        self, service: str, environment: str, random: Random, *, secret: str | None = None
    ) -> str | None:
        """The address that a request is drawn for, or None when nobody would answer it.

        `secret` is the value of the tester's header, if the request has one.
        """
        place = (service, environment)
        if place not in self._pids:
            return None
        layout = self._layouts[place]
        if secret is not None and secret == layout.tester_secret:
            testers = [target for target in layout.targets if target.testers and target.address]
            if testers:
                return testers[0].address
        serving = [target for target in layout.targets if target.share > 0]
        if not serving:
            return None
        shares = [target.share for target in serving]
        self.requests[place] += 1
        return random.choices(serving, weights=shares)[0].address

    def _change(self, place: _Place, layout: Layout) -> None:
        before = _by_slot(self._layouts[place])
        for target in layout.targets:
            known = before.get(target.slot)
            enters = known is None or not known.share or known.address != target.address
            if target.share and enters and target.address in self.closed:
                self._take_out(place, layout)
                raise ActionFailed(
                    f"slot {target.slot} ({target.address}) of {layout.service} in"
                    f" {layout.environment} did not accept a connection, so it gets no customers"
                )
        self._layouts[place] = layout

    def _take_out(self, place: _Place, layout: Layout) -> None:
        """What can be done of a layout that cannot be reached: slots leave if others stay."""
        wanted = {target.slot for target in layout.targets if target.share}
        before = self._layouts[place]
        stay = [
            target if target.slot in wanted else replace(target, share=0.0, testers=False)
            for target in before.targets
        ]
        total = sum(target.share for target in stay)
        if total:
            scaled = tuple(replace(target, share=target.share / total) for target in stay)
            self._layouts[place] = replace(before, targets=scaled)

    def _see_that_it_answers(self, service: str, environment: str) -> None:
        if not self.reachable:
            raise Unavailable(f"the router of {service} in {environment} did not answer")

    def _see_that_the_port_is_free(self, layout: Layout) -> None:
        for place in self._pids:
            if self._layouts[place].port == layout.port:
                raise InvalidInput(
                    f"port {layout.port} on {layout.bind} is taken by the router of {place[0]} in"
                    f" {place[1]}"
                )

    def _reading(self, place: _Place) -> RouterReading:
        targets = _by_slot(self._layouts[place])
        slots = {name: self._slot_reading(name, targets.get(name)) for name in SLOT_NAMES}
        return RouterReading(self._pids[place], slots, self.requests[place])

    def _slot_reading(self, name: str, target: Target | None) -> SlotReading:
        if target is None or target.address is None:
            return SlotReading(
                slot=name, address=None, up=False, in_rotation=False, share=0.0, sessions=0
            )
        in_rotation = target.share > 0 or target.testers
        return SlotReading(
            slot=name,
            address=target.address,
            up=in_rotation and target.address not in self.closed,
            in_rotation=in_rotation,
            share=target.share,
            sessions=self.sessions.get(target.address, 0),
        )


def _check(layout: Layout) -> None:
    for target in layout.targets:
        if target.slot not in SLOT_NAMES:
            raise InvalidInput(f'there is no slot "{target.slot}", only {", ".join(SLOT_NAMES)}')
        if target.address is not None and host_port(*split(target.address)) != target.address:
            raise InvalidInput(f'"{target.address}" is not how an IP address and port are written')
        if target.share and not target.address:
            raise InvalidInput(f"slot {target.slot} is to get customers but has no address")
    total = sum(target.share for target in layout.targets)
    if total and abs(total - 1) > 1e-6:
        raise InvalidInput(f"shares must add up to 1 or to 0, not to {total:g}")


def _by_slot(layout: Layout) -> Mapping[str, Target]:
    return {target.slot: target for target in layout.targets}
