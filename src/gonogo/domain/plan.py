"""The plan of a release: what `gonogo.yaml` says, as frozen values with units made explicit.

Durations are `timedelta`, shares are numbers between 0 and 1. Commands are shell lines in which
`{port}`, `{version}`, `{database_url}`, `{url}` and `{environment}` are replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gonogo.domain.actor import Role
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.gauge import Gauge
from gonogo.domain.ground import PROCESSES, Ground
from gonogo.domain.prometheus import PrometheusCounts
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi, SlowerThan

Json = Any  # what json.loads returns


@dataclass(frozen=True, slots=True)
class Health:
    """Healthy = GET `path` answers 2xx. A start that takes longer than `within` has failed."""

    path: str
    within: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Command:
    """A shell line with a limit on its time. `repeatable` says that running it twice is harmless."""

    name: str
    line: str
    within: timedelta = timedelta(minutes=10)
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a rollback is rehearsed: in a fresh database that is thrown away.

    `database_url` says where fresh databases are made: a SQLite URL (a new file is used, never this
    one) or a PostgreSQL URL of a server on which databases may be created; None: as in the first
    environment. `seed` fills it once the previous version's migrations ran. `variables` switch side
    effects off.
    """

    database_url: str | None = None
    seed: Command | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Migrations:
    """How the schema goes up, and down where that is possible."""

    upgrade: Command
    downgrade: Command | None = None
    rehearsal: Rehearsal = Rehearsal()


@dataclass(frozen=True, slots=True)
class Collection:
    """A command that makes reports in the files of the version, and the paths of those reports."""

    command: Command
    reports: tuple[str, ...]


class ChecklistTime(StrEnum):
    """When a checklist is worked through."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One line of a checklist. `component` groups lines for their progress; `roles` may tick it (none:
    anybody who may tick); with `evidence` a tick says what shows that it is done."""

    name: str
    component: str = ""
    roles: tuple[Role, ...] = ()
    evidence: bool = False


@dataclass(frozen=True, slots=True)
class Checklist:
    """Lines that people tick. One with `every` belongs to the service and its ticks fall due again
    after that time; any other belongs to each version."""

    name: str
    items: tuple[ChecklistItem, ...]
    when: ChecklistTime = ChecklistTime.BEFORE
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class HttpSmoke:
    """One request and what its answer must be.

    `save` maps a variable to a dotted path in the JSON answer; later tests use it as `${variable}` in
    path, headers and body. `expect_json` must be contained in the answer (objects by key, lists by
    position).
    """

    name: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    expect_status: int = 200
    expect_json: Json = None
    save: Mapping[str, str] = field(default_factory=dict)
    within: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class CommandSmoke:
    """A command that must end with 0."""

    name: str
    command: Command


SmokeTest = HttpSmoke | CommandSmoke


@dataclass(frozen=True, slots=True)
class Environment:
    """One place a service runs in. Customers reach it on `port` (loopback unless `bind` says more).

    `ground` is what its versions are deployed on.
    """

    name: str
    port: int
    bind: str = "127.0.0.1"
    database_url: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    ground: Ground = PROCESSES

    @property
    def url(self) -> str:
        """Where customers find it, as seen from this machine."""
        host = "127.0.0.1" if self.bind in {"", "*", "0.0.0.0"} else self.bind  # noqa: S104
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Step:
    """A share of customers for a time, and how many canary requests must have been seen by its end."""

    share: float
    hold: timedelta
    minimum_requests: int


class OnUnproven(StrEnum):
    """What happens at a step's end when nothing bad was shown, and nothing proven either."""

    ADVANCE = "advance"
    HOLD = "hold"


class Past(StrEnum):
    """What follows when a ratio is broken after promotion against the service's own recorded past.

    That comparison cannot tell a fault of the version from one of what it depends on: TELL says so and
    leaves it to people, STOP takes the release back, OFF does not compare.
    """

    TELL = "tell"
    STOP = "stop"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Rollout:
    """The way to 100 %: steps that only go up, then everyone.

    `patience` is how long past its end a step may hold for missing or inconclusive data before a
    person is asked for. The version before keeps running through the watch; `warm` is how
    long at the least.
    """

    steps: tuple[Step, ...]
    false_alarm: float = 0.01
    on_unproven: OnUnproven = OnUnproven.ADVANCE
    patience: timedelta = timedelta(hours=1)
    drain: timedelta = timedelta(seconds=10)
    warm: timedelta = timedelta()
    past: Past = Past.TELL


class CriterionMode(StrEnum):
    """How a signed rollback criterion is read.

    JUDGED: an anytime-valid test against the limit, inside the release's α. LITERAL: the share in a
    sliding window, once a minimum number of requests is in it, outside α.
    """

    JUDGED = "judged"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class RollbackCriterion:
    """A promise of when the release is taken back: more than `limit` bad, within `window`.

    `signer` is who signed for it, or empty when the spec says it. With `lasts` it holds for that long
    after the first customer, otherwise until the release has ended.
    """

    name: str
    bad: BadStatus | SlowerThan
    endpoint: Endpoint
    limit: float
    mode: CriterionMode
    window: timedelta
    minimum_requests: int = 20
    signer: str = ""
    lasts: timedelta | None = None


def as_kpi_name(criterion: RollbackCriterion) -> str:
    """What the KPI is called as which a criterion is counted."""
    judged = criterion.mode is CriterionMode.JUDGED
    return f"{'rollback' if judged else 'literal'}: {criterion.name}"


class OnSilence(StrEnum):
    """What nobody's answer means, decided beforehand."""

    ACCEPT = "accept"
    ROLL_BACK = "roll_back"
    NEEDS_PERSON = "needs_person"


@dataclass(frozen=True, slots=True)
class Verification:
    """Confirmation by a person after the smoke test of a promoted release.

    `lines` are what they try, each answered by itself; `roles` may answer (none: anybody who may
    confirm). With `after_rollback` the version that serves again is confirmed in the same way, and
    nobody's answer then asks for a person.
    """

    within: timedelta
    on_silence: OnSilence
    lines: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    after_rollback: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything one release needs to know, fixed when it starts. `digest` is SHA-256 of the spec file."""

    service: str
    digest: str
    run: str
    health: Health
    environments: tuple[Environment, ...]
    smoke: tuple[SmokeTest, ...]
    kpis: tuple[Kpi, ...]
    rollout: Rollout
    watch: timedelta
    build: Command | None = None
    migrations: Migrations | None = None
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()
    rollback_criteria: tuple[RollbackCriterion, ...] = ()
    verification: Verification | None = None
    tester_header: str | None = "X-Gonogo-Canary"
    gates: tuple[GateRule, ...] = ()
    collections: tuple[Collection, ...] = ()
    checklists: tuple[Checklist, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    metrics: PrometheusCounts | None = None

    @property
    def production(self) -> Environment:
        """The environment whose customers are protected: the last one."""
        return self.environments[-1]

    @property
    def rehearsals(self) -> tuple[Environment, ...]:
        """The environments a release passes through before production, in order."""
        return self.environments[:-1]
