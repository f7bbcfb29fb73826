"""Slots of a service in one environment: which version listens where and which part it plays.

The router knows three neutral slots; which of them is baseline, canary or the version before is a
row here. Rows are the desired state: they are stored first, then the world is made to match them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gonogo.domain.address import LOOPBACK, host_port
from gonogo.domain.ground import PROCESSES, Ground

SLOT_NAMES = ("a", "b", "c")


class SlotRole(StrEnum):
    """The part a slot plays.

    STARTING gets no customers yet; PREVIOUS is kept warm to go back to; RETIRING is being drained
    and stopped; EMPTY runs nothing.
    """

    EMPTY = "empty"
    STARTING = "starting"
    CANARY = "canary"
    BASELINE = "baseline"
    PREVIOUS = "previous"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as it should be. `share` is its part of customers (0 to 1).

    `host` is the IP address that its instance listens on, as the router reaches it. `testers` lets
    requests with the tester's secret header in. An empty slot has no instance. What is `adopted`
    runs by itself: nobody here may start or stop it. `revision` counts the
    changes of the stored row; it says nothing of what the slot should be.
    """

    service: str
    environment: str
    name: str
    role: SlotRole = SlotRole.EMPTY
    version: str | None = None
    commit: str | None = None
    instance: str | None = None
    port: int | None = None
    share: float = 0.0
    testers: bool = False
    host: str = LOOPBACK
    adopted: bool = False
    revision: int = field(default=0, compare=False)

    @property
    def address(self) -> str | None:
        """`host:port` of the instance, or None when the slot is empty."""
        return None if self.port is None else host_port(self.host, self.port)


def empty(slot: Slot) -> Slot:
    """The same slot with nothing in it."""
    return Slot(slot.service, slot.environment, slot.name, revision=slot.revision)


def with_role(slots: Iterable[Slot], role: SlotRole) -> Slot | None:
    """The slot that plays this part, or None."""
    return next((slot for slot in slots if slot.role is role), None)


def spare(slots: Sequence[Slot]) -> Slot | None:
    """The slot that a version can move into with the least loss: empty before what still drains, and
    that before the version kept warm; None when all serve."""
    parts = (SlotRole.EMPTY, SlotRole.RETIRING, SlotRole.PREVIOUS)
    return next((found for part in parts if (found := with_role(slots, part))), None)


@dataclass(frozen=True, slots=True)
class Target:
    """What the router should know about one slot. No address means: out of rotation."""

    slot: str
    address: str | None
    share: float
    testers: bool
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """All a router has to be: where customers come in and where they go. Shares add up to 1 or to 0.

    Requests that carry `tester_header` with the value `tester_secret` go to the slot that takes
    testers and are marked as forced. `picture` grows with every change of the rows that the layout
    was made from: a router that was laid out after a newer picture takes no older one. `ground` is what
    the environment is deployed on: one that supervises versions supervises their router too, and a
    platform may share customers itself.
    """

    service: str
    environment: str
    bind: str
    port: int
    targets: tuple[Target, ...]
    tester_header: str | None = None
    tester_secret: str | None = None
    picture: int = field(default=0, compare=False)
    ground: Ground = PROCESSES


@dataclass(frozen=True, slots=True)
class SlotReading:
    """What the router says of one slot. `share` is the part of new customers that it really gets.

    `sessions` is how many requests it is busy with; None where nobody can say.
    """

    slot: str
    address: str | None
    up: bool
    in_rotation: bool
    share: float
    sessions: int | None


@dataclass(frozen=True, slots=True)
class RouterReading:
    """The router as it is, read back from it. `requests` counts those of customers that this process
    has finished."""

    pid: int
    slots: Mapping[str, SlotReading] = field(default_factory=dict)
    requests: int = field(default=0, compare=False)
