"""Which gates a run asks, and what people and programs file about them: drawn from the seed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from gonogo.domain.actor import Role
from gonogo.domain.gate import GateMoment
from gonogo.domain.gate_rules import (
    FreezeRule,
    GateRule,
    RehearsalRule,
    SignOffsRule,
    SmokeRule,
    TestsRule,
)
from gonogo.domain.plan import Command, OnSilence, Plan, Rehearsal, Verification

ALL_ALONG = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Filing:
    """Something that is filed a while after the release began (`after` is empty) or reached a stage.

    `what` is one of the deeds of `Filers`, or a word to the release.
    """

    after: str
    delay: float
    what: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a release beside the weather.

    From `complete_at` on (seconds after its beginning) somebody brings whatever is missing; None:
    nobody does. At `gives_up_at` whoever waits for it ends what still waits.
    """

    plan: Plan
    filings: tuple[Filing, ...]
    complete_at: float | None
    gives_up_at: float
    breaks_the_old: bool
    scratch_fails: float


def ask(seed: int, plan: Plan, *, calm: bool) -> Asked:
    """The gates of a seed, in a plan that was drawn without them."""
    random = Random(f"gates {seed}")
    plan = _verified(random, _gated(random, plan))
    complete = random.uniform(0, 40) if calm or random.random() < 0.85 else None
    asks_people = any(
        isinstance(rule, TestsRule | SignOffsRule | FreezeRule) for rule in plan.gates
    )
    filings = _filings(random, plan) if asks_people else ()
    if plan.verification is not None and plan.verification.after_rollback:
        filings += _words(random)
    return Asked(
        plan=plan,
        filings=filings,
        complete_at=complete,
        gives_up_at=(complete or 40) + 60,
        breaks_the_old=random.random() < 0.2,
        scratch_fails=0.0 if calm else random.choice((0.0, 0.0, 0.0, 0.05, 0.2)),
    )


def _gated(random: Random, plan: Plan) -> Plan:
    gates: list[GateRule] = [SmokeRule()]
    if random.random() < 0.35:
        gates.append(TestsRule(before=_moment(random)))
    if random.random() < 0.35:
        lasts = random.choice((ALL_ALONG, ALL_ALONG, timedelta(seconds=30)))
        gates.append(
            SignOffsRule(
                before=_moment(random), needed={Role.QA: 1}, author_may_sign=True, expires=lasts
            )
        )
    if random.random() < 0.3:
        gates.append(FreezeRule(before=_moment(random)))
    migrations = plan.migrations
    if migrations is not None and random.random() < 0.6:
        gates.append(RehearsalRule(before=_moment(random)))
        migrations = replace(
            migrations,
            downgrade=_command("downgrade") if random.random() < 0.4 else None,
            rehearsal=Rehearsal(
                database_url="sqlite:///fresh" if random.random() < 0.9 else None,
                seed=_command("seed") if random.random() < 0.4 else None,
            ),
        )
    return replace(plan, gates=tuple(gates), migrations=migrations)


def _moment(random: Random) -> GateMoment:
    return GateMoment.PRODUCTION if random.random() < 0.5 else GateMoment.STAGING


def _command(name: str) -> Command:
    return Command(name, f"{name} now", timedelta(seconds=20))


def _verified(random: Random, plan: Plan) -> Plan:
    """Sometimes with lines to try, and sometimes after a rollback too."""
    wanted = plan.verification
    if random.random() < 0.12:
        within = timedelta(seconds=round(random.uniform(3, 30), 1))
        wanted = wanted or Verification(within, random.choice(tuple(OnSilence)))
        wanted = replace(wanted, after_rollback=True)
    if wanted is not None and random.random() < 0.5:
        wanted = replace(wanted, lines=("log in", "pay"), roles=(Role.QA,))
    return replace(plan, verification=wanted)


_DEEDS = ("green", "green", "red", "sign", "sign", "withdraw", "freeze", "freeze", "brief", "thaw")
_STAGES = ("checking", "held", "cleared", "staging", "staging", "canary", "canary")


def _filings(random: Random, plan: Plan) -> tuple[Filing, ...]:
    """First what is done early, then what happens at the worst moments, which lie around stages."""
    found = [
        Filing("", random.choice((0.0, random.uniform(0, 25))), what)
        for what in ("green", "sign")
        if random.random() < 0.7
    ]
    found.extend(
        Filing("", random.uniform(0, 40), random.choice(_DEEDS))
        for _ in range(random.choice((0, 0, 1, 2, 3)))
    )
    for _ in range(random.choice((0, 1, 2, 3))):
        delay = random.choice((0.0, random.uniform(0, 3), random.uniform(0, 10)))
        found.append(Filing(random.choice(_STAGES), delay, random.choice(_DEEDS)))
    if any(isinstance(rule, TestsRule) for rule in plan.gates) and random.random() < 0.2:
        found.append(Filing("held", random.uniform(0, 3), "red"))
    if not plan.rehearsals and random.random() < 0.3:
        found.append(Filing("canary", random.uniform(0, 2), random.choice(("freeze", "withdraw"))))
    return tuple(found)


def _words(random: Random) -> tuple[Filing, ...]:
    """What is said of the version that serves again."""
    if random.random() < 0.3:
        return ()
    word = random.choice(("confirm", "confirm", "confirm", "reject"))
    return (Filing("verifying_rollback", random.uniform(0, 15), word),)
