"""What one run is about, drawn from its seed: the plan, the version, the weather and the people."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from random import Random

from tests.gauges import a_gauge
from tests.simulation.gates import Asked, ask

from gonogo.adapters.memory.deployer import Behaviour
from gonogo.domain.ground import Script, Scripts, shares_itself
from gonogo.domain.plan import (
    Command,
    CriterionMode,
    Environment,
    Health,
    HttpSmoke,
    Migrations,
    OnSilence,
    OnUnproven,
    Plan,
    RollbackCriterion,
    Rollout,
    Step,
    Verification,
)
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi, SlowerThan

SERVICE = "shop"
ERRORS = BadStatus(((500, 599),))


class Kind(StrEnum):
    """What the new version is like."""

    GOOD = "good"
    BAD = "bad"
    BAD_LATE = "bad late"
    SLOW = "slow"
    DIES = "dies"
    REFUSES = "does not start"
    UNHEALTHY = "never healthy"
    SMOKE_FAILS = "smoke fails"
    MIGRATION_FAILS = "migration fails"
    BUILD_FAILS = "build fails"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version's truth: which share of its answers is bad, from when on, and how its process fares."""

    kind: Kind
    behaviour: Behaviour
    bad_share: float = 0.0
    bad_after: float = 0.0
    slow_share: float = 0.0
    smoke_fails_at: str | None = None


@dataclass(slots=True)
class Weather:
    """How often a call of each port goes wrong (0 to 1), and when the sky clears (seconds)."""

    fails: dict[str, float]
    hangs: dict[str, float]
    slow: float
    clears_at: float


@dataclass(frozen=True, slots=True)
class Crash:
    """A desk's life ends at this one of its calls, before or after the call had its effect.

    With `acts` only calls that change something are counted.
    """

    number: int
    acts: bool
    after: bool
    away: float


@dataclass(frozen=True, slots=True)
class Pause:
    """A desk stands still for a while, and wakes up as if nothing had been."""

    at: float
    length: float


@dataclass(frozen=True, slots=True)
class Stall:
    """A desk stands still when it is about to make its call of this name for the so-manieth time.

    What it has in its hand is old by the time it goes on.
    """

    call: str
    number: int
    length: float


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that a seed decides before the run begins."""

    seed: int
    plan: Plan
    first: bool
    adopted: bool
    """Whether the version that serves was there before gonogo, and is looked after by somebody else."""
    candidate: Candidate
    weather: Weather
    crashes: tuple[Crash, ...]
    pauses: tuple[Pause, ...]
    stalls: tuple[Stall, ...]
    desks: tuple[str, ...]
    words: tuple[tuple[float, str], ...]
    whims: tuple[tuple[str, float, str], ...]
    wakes: tuple[float, ...]
    wakes_lost: float
    router_deaths: tuple[float, ...]
    baseline_deaths: tuple[float, ...]
    gaps: tuple[tuple[float, float], ...]
    stops: tuple[float, ...]
    old_refuses: bool
    clock_jumps: tuple[tuple[float, float], ...]
    rate: float
    sessions: float
    carer: bool
    second: bool
    calm: bool
    asked: Asked
    lost_answers: frozenset[int]
    """Numbers of the changes of a desk's life that are stored although they fail."""


QUEUE = a_gauge("queue", seconds=3)
"""Always within its bound, but its source fails like any other."""

PORTS = ("store", "router", "deployer", "workshop", "metrics", "smoke", "notifier")


def draw(seed: int) -> Scenario:
    """The scenario of a seed."""
    random = Random(f"scenario {seed}")
    plan = _plan(random)
    if seed % 3 == 0:
        plan = replace(plan, gauges=(QUEUE,))
    plan = _grounded(Random(f"ground {seed}"), plan)
    calm = random.random() < 0.15
    desks = ("north", "south") if not calm and random.random() < 0.3 else ("north",)
    several = len(desks) > 1
    asked = ask(seed, plan, calm=calm)
    ends = random.uniform(10, 90)
    first, random_of_adopted = random.random() < 0.1, Random(f"adopted {seed}")
    return Scenario(
        seed=seed,
        plan=asked.plan,
        asked=asked,
        first=first,
        adopted=not first and _may_be_adopted(asked.plan) and random_of_adopted.random() < 0.2,
        candidate=_candidate(random, plan),
        weather=_weather(random, ends, asked.scratch_fails, calm=calm),
        crashes=() if calm else _crashes(random),
        pauses=_pauses(random) if several or (not calm and random.random() < 0.1) else (),
        stalls=() if calm else _stalls(seed, several=several),
        desks=desks,
        words=() if calm else _words(random),
        whims=() if calm else _whims(random),
        wakes=_times(random, 6, 70),
        wakes_lost=random.choice((0.0, 0.0, 0.3, 1.0)),
        router_deaths=() if calm else _times(random, 2, 70),
        baseline_deaths=() if calm or random.random() < 0.7 else _times(random, 2, 70),
        gaps=() if calm else _gaps(random),
        stops=() if calm or random.random() < 0.7 else _times(random, 2, 60),
        old_refuses=not calm and random.random() < 0.05,
        clock_jumps=_clock_jumps(random) if not calm and random.random() < 0.05 else (),
        rate=random.choice((0.0, 4.0, 10.0, 20.0)) if random.random() < 0.4 else 12.0,
        sessions=random.choice((0.0, 0.0, 0.5, 1.0)),
        carer=random.random() < 0.7,
        second=random.random() < 0.4,
        calm=calm,
        lost_answers=frozenset() if calm else _lost_answers(random),
    )


def _times(random: Random, most: int, end: float) -> tuple[float, ...]:
    return tuple(sorted(random.uniform(0, end) for _ in range(random.randint(0, most))))


def _seconds(random: Random, low: float, high: float) -> timedelta:
    return timedelta(seconds=round(random.uniform(low, high), 1))


def _plan(random: Random) -> Plan:
    production = Environment("production", 8080, database_url="sqlite:///production")
    places = (production,)
    if random.random() < 0.6:
        places = (Environment("staging", 8081), production)
    count = random.choice((1, 1, 2, 3))
    shares = sorted(random.sample((0.1, 0.25, 0.4, 0.5, 0.6), count))
    kpis = [Kpi("errors", ERRORS, limit=0.08, ratio=random.choice((None, 2.0)))]
    if random.random() < 0.3:
        slow = SlowerThan(timedelta(seconds=1))
        kpis.append(Kpi("slow", slow, Endpoint("GET", "/"), limit=0.1))
    rollout = Rollout(
        steps=tuple(
            Step(share, _seconds(random, 2, 8), random.choice((0, 10, 20))) for share in shares
        ),
        on_unproven=random.choice((OnUnproven.ADVANCE, OnUnproven.ADVANCE, OnUnproven.HOLD)),
        patience=_seconds(random, 8, 30),
        drain=_seconds(random, 0, 4),
        warm=_seconds(random, 0, 10),
    )
    verification = Verification(_seconds(random, 3, 20), random.choice(tuple(OnSilence)))
    literal = RollbackCriterion(
        "signed", ERRORS, Endpoint(), 0.3, CriterionMode.LITERAL, timedelta(seconds=20), 10
    )
    return Plan(
        service=SERVICE,
        digest="d" * 64,
        run="serve {port}",
        health=Health("/health", timedelta(seconds=8)),
        environments=places,
        smoke=(HttpSmoke("home", "GET", "/"),),
        kpis=tuple(kpis),
        rollout=rollout,
        watch=_seconds(random, 0, 8),
        build=_command(random, "build") if random.random() < 0.3 else None,
        migrations=Migrations(_command(random, "migrate")) if random.random() < 0.5 else None,
        before=(_command(random, "warn"),) if random.random() < 0.2 else (),
        after=tuple(_command(random, f"clear{n}") for n in range(random.choice((0, 0, 1, 2)))),
        rollback_criteria=(literal,) if random.random() < 0.2 else (),
        verification=verification if random.random() < 0.3 else None,
        tester_header=random.choice(("X-Canary", None)),
    )


def _command(random: Random, name: str) -> Command:
    return Command(name, f"{name} now", timedelta(seconds=20), repeatable=random.random() < 0.5)


_KINDS = (*Kind, *((Kind.GOOD,) * 8), Kind.BAD, Kind.BAD, Kind.BAD_LATE)


def _grounded(random: Random, plan: Plan) -> Plan:
    """Some plans are for a platform that scripts deploy to, and that may share customers itself."""
    if random.random() >= 0.2:
        return plan
    script = Script("platform {instance}", timedelta(seconds=20))
    shares = Script("platform weight {share}", timedelta(seconds=10))
    weight, again = random.choice((None, shares)), random.random() < 0.5
    ground = Scripts(script, script, script, weight, repeatable=again)
    return replace(
        plan, environments=tuple(replace(each, ground=ground) for each in plan.environments)
    )


def _may_be_adopted(plan: Plan) -> bool:
    """Only what stands behind the desk's own router can be adopted."""
    return not any(shares_itself(each.ground) for each in plan.environments)


def _candidate(random: Random, plan: Plan) -> Candidate:
    kind = random.choice(_KINDS)
    usual = Behaviour(
        healthy_after=_seconds(random, 0, 3), stops_in=_seconds(random, 0, 8), output="ready"
    )
    ends, late = _seconds(random, 1, 40), random.uniform(4, 20)
    share = random.choice((0.3, 0.6, 1.0))
    where = random.choice((*(each.name for each in plan.environments), "later", "rollback"))
    found = Candidate(kind, usual)
    match kind:
        case Kind.BAD:
            found = replace(found, bad_share=share)
        case Kind.BAD_LATE:
            found = replace(found, bad_share=max(share, 0.5), bad_after=late)
        case Kind.SLOW:
            found = replace(found, slow_share=0.6)
        case Kind.DIES:
            dying = Behaviour(usual.healthy_after, exits_after=ends, output="killed")
            found = replace(found, behaviour=dying)
        case Kind.REFUSES:
            found = replace(found, behaviour=Behaviour(refuses="its program is missing"))
        case Kind.UNHEALTHY:
            found = replace(found, behaviour=Behaviour(healthy_after=None))
        case Kind.SMOKE_FAILS:
            bad = 1.0 if where == "rollback" else 0.0
            found = replace(found, bad_share=bad, smoke_fails_at=where)
    return found


def _weather(random: Random, ends: float, scratch: float, *, calm: bool) -> Weather:
    if calm:
        every = dict.fromkeys((*PORTS, "scratch", "gauges"), 0.0)
        return Weather(every, every, 0.0, 0.0)
    rates = (0.0, 0.0, 0.0, 0.0, 0.005, 0.02, 0.1)
    return Weather(
        fails={port: random.choice(rates) for port in PORTS} | {"scratch": scratch, "gauges": 0.1},
        hangs={port: random.choice((0.0, 0.0, 0.0, 0.005, 0.02)) for port in PORTS}
        | {"scratch": scratch / 4, "gauges": 0.02},
        slow=random.choice((0.05, 0.2, 0.5)),
        clears_at=ends,
    )


def _crashes(random: Random) -> tuple[Crash, ...]:
    found = []
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        acts = random.random() < 0.7
        number = random.randint(1, 40 if acts else 400)
        away = random.choice((0.0, 0.5, 3.0, random.uniform(0, 40)))
        found.append(Crash(number, acts, random.random() < 0.5, away))
    return tuple(found)


def _pauses(random: Random) -> tuple[Pause, ...]:
    count = random.choice((1, 1, 2, 3))
    return tuple(Pause(random.uniform(1, 60), random.uniform(4, 35)) for _ in range(count))


_STALLING = ("router.apply", "store.record", "deployer.start", "deployer.stop", "workshop.run")


def _stalls(seed: int, *, several: bool) -> tuple[Stall, ...]:
    """Long enough for another desk to take over, at the moments at which being late does most harm."""
    random = Random(f"stalls {seed}")
    if random.random() > (0.6 if several else 0.1):
        return ()
    call = "router.apply" if random.random() < 0.6 else random.choice(_STALLING)
    return (Stall(call, random.randint(1, 9), random.uniform(10, 45)),)


_WORDS = ("pause", "resume", "retry", "abort", "roll_back", "confirm", "reject")


def _words(random: Random) -> tuple[tuple[float, str], ...]:
    count = random.choice((0, 0, 1, 2, 4))
    return tuple(sorted((random.uniform(0, 70), random.choice(_WORDS)) for _ in range(count)))


def _whims(random: Random) -> tuple[tuple[str, float, str], ...]:
    """Words that are said a while after a stage was reached: the worst moments lie there."""
    stages = ("checking", "staging", "canary", "promoting", "verifying", "watching")
    more = ("rolling_back", "verifying_rollback", "watching", "canary", "staging")
    return tuple(
        (
            random.choice((*stages, *more)),
            random.choice((0.0, random.uniform(0, 3), random.uniform(0, 12))),
            random.choice(_WORDS),
        )
        for _ in range(random.choice((0, 0, 0, 1, 2, 3)))
    )


def _lost_answers(random: Random) -> frozenset[int]:
    count = random.choice((0, 0, 1, 2, 3))
    return frozenset(random.randint(1, 30) for _ in range(count))


def _gaps(random: Random) -> tuple[tuple[float, float], ...]:
    """When the metric source is away, and for how long; 0 is a gap in what it had counted."""
    return tuple(
        (at, random.choice((0.0, 0.0, random.uniform(1, 20)))) for at in _times(random, 2, 60)
    )


def _clock_jumps(random: Random) -> tuple[tuple[float, float], ...]:
    return ((random.uniform(5, 40), random.choice((-30.0, -5.0, 5.0, 30.0))),)
