"""The board: where every release under way stands and what it waits for, and what serves where.

Everything is read at once and comes as frozen values that hold moments, never ages: two boards with
the same content are equal, and an equal board is not sent again. Whatever is not known (no look of the
judge yet, a router that does not answer) has a value of its own and never lights the lamp for Go.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Answer, Decision, GateKind, GateResult, GateStatus
from gonogo.domain.look import Look
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import Slot, SlotRole, with_role
from gonogo.domain.verdict import Judgement, Verdict
from gonogo.gates.written import read_decision
from gonogo.ports.store import ServiceState, UnderWay
from gonogo.usecases.context import Context
from gonogo.usecases.gates.waivers import frozen
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.usecases.pulse import Beating
from gonogo.usecases.releases.decisions import DECIDED, blocking

MOST_BLOCKERS = 3
_BY_NAME = {name: role for role in Role for name in (role.words, role.value)}


class Lamp(StrEnum):
    """May traffic move on? The worst first."""

    NO_GO = "no_go"
    HOLD = "hold"
    GO = "go"


@dataclass(frozen=True, slots=True)
class Blocker:
    """A gate that keeps the answer from being Go; `asks` are people or roles who can change it."""

    gate: GateKind
    status: GateStatus
    reason: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far customers are, and what the judge last said.

    `share` is the canary's planned share of customers, in step `step` (from 1; 0: before the first) of
    `steps`. `verdict` and `sentence` are None before the first look at `seen_at`. `harm` is the strongest
    evidence of harm as a part of its limit: 0 none, 1 the release is taken back. `requests` are those
    that the canary answered, `more` how many it still needs for an answer, None where nobody can say.
    """

    share: float
    step: int
    steps: int
    verdict: Verdict | None = None
    sentence: str | None = None
    seen_at: datetime | None = None
    harm: float = 0.0
    requests: int = 0
    more: int | None = None


@dataclass(frozen=True, slots=True)
class Going:
    """A release under way.

    `asks` are the roles that have the next word, `waits_for` the same as gates and rules name them
    (also people and teams). `rollout` is None before the first customer. `hidden_blockers` are those
    beyond the first few.
    """

    id: str
    service: str
    version: str
    previous: str | None
    stage: Stage
    since: datetime
    lamp: Lamp
    reason: str
    blockers: tuple[Blocker, ...]
    hidden_blockers: int
    waits_for: tuple[str, ...]
    asks: tuple[Role, ...]
    rollout: Rollout | None


@dataclass(frozen=True, slots=True)
class Canary:
    """A version beside the one that serves, with its planned share of customers."""

    version: str
    share: float


@dataclass(frozen=True, slots=True)
class Place:
    """A service in one environment; without a version nothing serves there yet.

    What is `adopted` ran before gonogo came.
    """

    environment: str
    url: str
    version: str | None
    canary: Canary | None
    beating: Beating
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the last release that ended did so."""

    id: str
    version: str
    stage: Stage
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Somebody holds every release of the service, until a moment or until it is lifted (None)."""

    by: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service with its places, in the order of its environments."""

    service: str
    places: tuple[Place, ...]
    last: Outcome | None
    frozen: Frozen | None

    def place(self, environment: str) -> Place | None:
        """The place with this name, if the service has one."""
        return next((each for each in self.places if each.environment == environment), None)


async def releases_under_way(context: Context) -> tuple[Going, ...]:
    """Every release that has not ended: what refuses first, then what waits, each the longest first."""
    found = [going(each) for each in await context.store.under_way(DECIDED)]
    order = tuple(Lamp)
    return tuple(sorted(found, key=lambda each: (order.index(each.lamp), each.since, each.id)))


async def services(context: Context) -> tuple[ServiceRow, ...]:
    """Every service by name, with its health as its routers told it last."""
    now = context.clock.now()
    states = await context.store.service_states()
    beating = context.pulse.of(context.router, states)
    return tuple(_row(state, now, beating) for state in states)


def environments(rows: Iterable[ServiceRow]) -> tuple[str, ...]:
    """The names of all environments, the ones that releases come to first, first."""
    places: dict[str, int] = {}
    for row in rows:
        for number, place in enumerate(row.places):
            places[place.environment] = max(number, places.get(place.environment, 0))
    return tuple(sorted(places, key=lambda name: places[name]))


def going(state: UnderWay) -> Going:
    """One release under way as the board shows it."""
    release, look = state.release, state.look
    decision = read_decision(state.decision.data) if state.decision else None
    stops = _stopping(release, decision)
    names, roles = _asked(release, stops)
    return Going(
        id=release.id,
        service=release.service,
        version=release.version,
        previous=release.previous,
        stage=release.stage,
        since=release.stage_since,
        lamp=lamp(release, decision, look),
        reason=release.reason,
        blockers=tuple(
            Blocker(each.kind, each.status, each.reason, each.asks)
            for each in stops[:MOST_BLOCKERS]
        ),
        hidden_blockers=max(0, len(stops) - MOST_BLOCKERS),
        waits_for=names,
        asks=roles,
        rollout=_rollout(release, look),
    )


_BEFORE_CUSTOMERS = frozenset({Stage.CLEARED, Stage.STAGING})
_REFUSED = frozenset({Stage.ROLLING_BACK, Stage.VERIFYING_ROLLBACK, Stage.NO_GO, Stage.ROLLED_BACK})
_JUDGED = frozenset({Stage.CANARY, Stage.PROMOTING, Stage.VERIFYING, Stage.WATCHING})
_OF_ANSWER = {Answer.GO: Lamp.GO, Answer.HOLD: Lamp.HOLD, Answer.NO_GO: Lamp.NO_GO}
_OF_VERDICT = {
    Verdict.FAIL: Lamp.NO_GO,
    Verdict.NO_DATA: Lamp.HOLD,
    Verdict.INCONCLUSIVE: Lamp.HOLD,
    Verdict.UNPROVEN: Lamp.GO,
    Verdict.PASS: Lamp.GO,
}


def lamp(release: Release, decision: Decision | None, look: Look | None) -> Lamp:
    """Before customers the gates answer, with customers the judge; what is not known holds."""
    if release.stage in _REFUSED:
        return Lamp.NO_GO
    if release.stage is Stage.VERIFYING and release.plan.verification is not None:
        judged = _of_look(look)
        return Lamp.NO_GO if judged is Lamp.NO_GO else Lamp.HOLD
    if release.stage in _JUDGED:
        # The very first version has nothing to be compared with: its smoke tests let it on.
        return Lamp.GO if look is None and release.previous is None else _of_look(look)
    if release.stage in _BEFORE_CUSTOMERS:
        return _OF_ANSWER[decision.answer] if decision else Lamp.HOLD
    return Lamp.HOLD


def _of_look(look: Look | None) -> Lamp:
    return Lamp.HOLD if look is None else _OF_VERDICT[look.judgement.verdict]


def _stopping(release: Release, decision: Decision | None) -> tuple[GateResult, ...]:
    """What its gates still ask for; nothing once customers have met it."""
    if decision is None or release.exposed or release.stage in _JUDGED | _REFUSED:
        return ()
    found = tuple(result for result in blocking(decision) if not _comes_by_itself(result))
    return tuple(result for result in found if not result.later) or found


def _comes_by_itself(result: GateResult) -> bool:
    """Whether the desk will answer it without anybody: nobody is asked for smoke tests that are due."""
    failed = result.status is GateStatus.FAIL
    return result.kind is GateKind.SMOKE and result.later and not failed


def _asked(
    release: Release, stops: Sequence[GateResult]
) -> tuple[tuple[str, ...], tuple[Role, ...]]:
    """Who has the next word: as people are told, and as roles."""
    if stops:
        named = (name for result in stops for name in result.asks or (result.owner,) if name)
        names = tuple(dict.fromkeys(named))
        return names, _in_order(_BY_NAME[name] for name in names if name in _BY_NAME)
    roles: frozenset[Role] = frozenset()
    asked = release.plan.verification
    if release.stage is Stage.VERIFYING and asked is not None:
        roles = frozenset(asked.roles) or PERMISSIONS[Deed.VERIFY]
    elif release.stage is Stage.PAUSED:
        roles = PERMISSIONS[Deed.PAUSE]
    elif release.stage is Stage.NEEDS_PERSON:
        roles = PERMISSIONS[Deed.SETTLE]
    # Whoever runs the desk may do it too, and is not named for it.
    told = roles - {Role.OWNER, Role.ADMIN} or roles
    return tuple(role.words for role in _in_order(told)), _in_order(roles)


def _in_order(roles: Iterable[Role]) -> tuple[Role, ...]:
    found = frozenset(roles)
    return tuple(role for role in Role if role in found)


def _rollout(release: Release, look: Look | None) -> Rollout | None:
    if not release.exposed:
        return None
    steps = release.plan.rollout.steps
    everyone = release.stage in {Stage.VERIFYING, Stage.WATCHING}
    inside = 0 <= release.step < len(steps) and release.stage not in _REFUSED
    share = 1.0 if everyone else steps[release.step].share if inside else 0.0
    step = release.step + 1 if inside else 0
    if look is None:
        return Rollout(share, step, len(steps))
    said = look.judgement
    return Rollout(
        share=share,
        step=step,
        steps=len(steps),
        verdict=said.verdict,
        sentence=said.sentence,
        seen_at=look.at,
        harm=_harm(said),
        requests=max((kpi.canary.total for kpi in said.kpis), default=0),
        more=max((kpi.more_requests for kpi in said.kpis if kpi.more_requests), default=None),
    )


def _harm(said: Judgement) -> float:
    parts = (
        each.log10_e / each.threshold
        for kpi in said.kpis
        for each in kpi.evidence
        if each.threshold > 0 and each.alpha
    )
    return round(min(1.0, max(0.0, *parts, 0.0)), 2)


def _row(state: ServiceState, now: datetime, beating: dict[tuple[str, str], Beating]) -> ServiceRow:
    known, last = state.registration, state.last
    held = frozen(Dossier(known.service, "", "", state.papers), now)
    return ServiceRow(
        service=known.service,
        places=tuple(
            _place(
                environment.name,
                environment.url,
                [slot for slot in state.slots if slot.environment == environment.name],
                beating.get((known.service, environment.name), Beating.UNKNOWN),
            )
            for environment in known.plan.environments
        ),
        last=None
        if last is None
        else Outcome(last.id, last.version, last.stage, last.stage_since, last.reason),
        frozen=None if held is None else Frozen(held[0].actor, held[1].reason, held[1].until),
    )


def _place(name: str, url: str, slots: Sequence[Slot], beating: Beating) -> Place:
    serving = with_role(slots, SlotRole.BASELINE)
    beside = with_role(slots, SlotRole.CANARY) or with_role(slots, SlotRole.STARTING)
    canary = Canary(beside.version, beside.share) if beside and beside.version else None
    version = serving.version if serving else None
    adopted = serving is not None and serving.adopted
    return Place(name, url, version, canary, beating if version else Beating.UNKNOWN, adopted)
