"""What the rollout of a gonogo.yaml can and cannot see at its traffic, and what would help."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.domain.errors import InvalidInput
from gonogo.domain.plan import Plan
from gonogo.domain.traffic import BadStatus, Endpoint
from gonogo.domain.verdict import Test
from gonogo.judge.outlook import Regression, Sight, Traffic, outlook, seconds_to_prove
from gonogo.judge.plan import JudgePlan, judge_plan
from gonogo.usecases.judging.recording import Recording, traffic_of
from gonogo.usecases.services.specs import share_of

EXPECTED = 10.0  # a regression of this size should show within its step
NEVER = "never"
_ROUND_LIMITS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_LONGEST = 10 * 365 * 86400.0


@dataclass(frozen=True, slots=True)
class Prospect:
    """The sights of every step, the traffic they rest on, and advice in sentences."""

    plan: Plan
    judged: JudgePlan
    traffic: Mapping[str, Traffic]
    sights: tuple[Sight, ...]
    advice: tuple[str, ...]


def given_traffic(
    plan: Plan, rate: float, errors: float, slow: float, special: Sequence[str]
) -> dict[str, Traffic]:
    """Traffic from options. `special`: "KPI=RATE" or "KPI=RATE:SHARE", for one KPI each.

    KPIs of all requests get `rate` (a second); those of one endpoint are only known from `special`.
    `errors` and `slow` are shares of requests. Raises InvalidInput for what names no KPI or no number.
    """
    kpis = judge_plan(plan, 1).kpis
    shares = {kpi.name: errors if isinstance(kpi.bad, BadStatus) else slow for kpi in kpis}
    found = {
        kpi.name: Traffic(rate, shares[kpi.name]) for kpi in kpis if kpi.endpoint == Endpoint()
    }
    for text in special:
        name, equals, value = text.rpartition("=")
        if not equals or name not in shares:
            known = ", ".join(shares)
            raise InvalidInput(
                f'"{text}" names no KPI (known: {known})', hint="as in --of 'create order=5:0.3%'"
            )
        number, _, share = value.partition(":")
        found[name] = Traffic(_rate(number, text), share_of(share) if share else shares[name])
    return found


def _rate(text: str, whole: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 < rate < 1e9:
        raise InvalidInput(f'"{whole}": {text or "nothing"} is no number of requests a second')
    return rate


def recorded_traffic(recordings: Iterable[Recording]) -> dict[str, Traffic]:
    """Traffic of the first recording in which a baseline was counted; empty when none has one."""
    for recording in recordings:
        found = traffic_of(recording)
        if found:
            return {name: Traffic(one.rate, one.share) for name, one in found.items()}
    return {}


def prospect(plan: Plan, traffic: Mapping[str, Traffic]) -> Prospect:
    """What can be seen, step by step, and what to change."""
    judged = judge_plan(plan, 1)
    sights = outlook(judged, plan.rollout.steps, traffic)
    advice = dict.fromkeys(_advice(plan, judged, sights, traffic))
    return Prospect(plan, judged, traffic, sights, tuple(advice))


def _advice(
    plan: Plan, judged: JudgePlan, sights: Sequence[Sight], traffic: Mapping[str, Traffic]
) -> Iterable[str]:
    for kpi in judged.kpis:
        if kpi.name not in traffic:
            yield (
                f"{kpi.name}: its traffic is not known;"
                f" add --of '{kpi.name}=REQUESTS_A_SECOND' (and :SHARE of bad ones)"
            )
    for sight in sights:
        yield from _too_short(plan, sight)
    for sight in sights[: len(sights) // max(1, len(plan.rollout.steps))]:
        yield from _too_long_to_prove(plan, judged, sight, traffic[sight.kpi.name])


def _too_short(plan: Plan, sight: Sight) -> Iterable[str]:
    step = plan.rollout.steps[sight.step]
    hold = step.hold.total_seconds()
    name = f"step {sight.step + 1} ({step.share * 100:g} % for {told(hold)})"
    if sight.kpi.endpoint == Endpoint() and sight.seconds_to_minimum > hold:
        yield (
            f"{name}: its {step.minimum_requests:,} canary requests take"
            f" {told(sight.seconds_to_minimum)}, so it waits; hold it longer or ask for fewer"
        )
    if sight.step:
        return
    found = next(one for one in sight.regressions if one.times == EXPECTED)
    if found.seconds is None:
        yield f"{sight.kpi.name}: ×{EXPECTED:g} keeps every limit, so it is never stopped"
    elif found.seconds > hold:
        wanted = step.share * found.seconds / hold
        more = f" or begin with {math.ceil(wanted * 100)} %" if wanted <= 0.5 else ""
        yield (
            f"{name}: {sight.kpi.name} ×{EXPECTED:g} takes {told(found.seconds)} to show;"
            f" hold it for {told(found.seconds)}{more}"
        )


def _too_long_to_prove(
    plan: Plan, judged: JudgePlan, sight: Sight, traffic: Traffic
) -> Iterable[str]:
    """A ratio that no step can prove: an absolute limit is cheaper."""
    if Test.RELATIVE not in sight.proofs or sight.kpi.ratio is None:
        return
    step = plan.rollout.steps[sight.step]
    takes = sight.proofs[Test.RELATIVE]
    if takes is not None and takes <= step.hold.total_seconds():
        return
    cost = f"takes {told(takes)}" if takes is not None else "is not possible"
    said = f"{sight.kpi.name}: proving {sight.kpi.ratio:g} × the baseline {cost} at {step.share * 100:g} %"
    within = sight.proofs.get(Test.ABSOLUTE)
    if sight.kpi.limit is not None and within is not None:
        yield (
            f"{said}; its limit of {sight.kpi.limit * 100:g} % is proven within {told(within)}:"
            " leave the ratio out where an early end matters more than small regressions"
        )
        return
    for limit in _ROUND_LIMITS:
        if limit < 2 * traffic.share:
            continue
        within = seconds_to_prove(limit, traffic.share, judged.miss, sight.canary_rate)
        if within is not None:
            yield f"{said}: use a limit of {limit * 100:g} %, proven within {told(within)}"
            return


def told(seconds: float | None) -> str:
    """A forecast as people say it: two units at most, none of them more exact than it is."""
    if seconds is None or seconds > _LONGEST:
        return NEVER
    for size, unit, smaller, name in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= 10 * size:
            return f"{round(seconds / size):,} {unit}"
        if seconds >= size:
            whole = round(seconds / smaller)
            rest = whole % (size // smaller)
            return f"{whole * smaller // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{seconds:.0f} s" if seconds >= 1 else "1 s"


def traffic_line(found: Prospect) -> str:
    """The traffic that the forecast rests on."""
    return ", ".join(
        f"{name} {_per_time(one.rate)}, {one.share * 100:.3g} % bad"
        for name, one in found.traffic.items()
    )


def sight_lines(sight: Sight) -> tuple[str, str]:
    """What a KPI shows in a step, in two lines."""
    seen = ", ".join(f"×{one.times:g} {_within(one.seconds)}" for one in sight.regressions)
    proofs = []
    for test, seconds in sight.proofs.items():
        ratio = f"{sight.kpi.ratio or 0:g} × the baseline"
        what = (
            ratio if test is Test.RELATIVE else f"the limit of {(sight.kpi.limit or 0) * 100:g} %"
        )
        proofs.append(f"{what} {_within(seconds)}")
    rate = _per_time(sight.canary_rate)
    return (
        f"{sight.kpi.name} ({rate} on the canary): seen {seen}",
        f"{' ' * len(sight.kpi.name)} proven {', '.join(proofs)}",
    )


def _within(seconds: float | None) -> str:
    return NEVER if told(seconds) == NEVER else f"within {told(seconds)}"


def _per_time(rate: float) -> str:
    for size, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if rate * size >= 1:
            return f"{rate * size:.3g}/{unit}"
    return f"{rate * 86400:.3g}/d"


def prospect_view(found: Prospect) -> dict[str, Any]:
    """As JSON; null: never, or not known."""
    return {
        "service": found.plan.service,
        "false_alarm": found.judged.false_alarm,
        "traffic": {
            name: {"requests_per_second": one.rate, "bad_share": one.share}
            for name, one in found.traffic.items()
        },
        "steps": [
            {
                "step": number + 1,
                "share": step.share,
                "hold_seconds": step.hold.total_seconds(),
                "kpis": [_sight_view(sight) for sight in found.sights if sight.step == number],
            }
            for number, step in enumerate(found.plan.rollout.steps)
        ],
        "advice": list(found.advice),
    }


def _sight_view(sight: Sight) -> dict[str, Any]:
    return {
        "kpi": sight.kpi.name,
        "canary_requests_per_second": sight.canary_rate,
        "seconds_to_minimum": sight.seconds_to_minimum,
        "seen": [_regression_view(one) for one in sight.regressions],
        "seconds_to_prove": {test.value: seconds for test, seconds in sight.proofs.items()},
    }


def _regression_view(one: Regression) -> dict[str, float | int | None]:
    return {
        "times": one.times,
        "bad_share": one.share,
        "canary_requests": one.requests,
        "seconds": one.seconds,
    }
