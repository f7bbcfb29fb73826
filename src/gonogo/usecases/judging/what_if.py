"""What other policies would have done with the customers of a past release.

A recording holds what customers met under the policy that was really followed: its weights and its
end. Another policy is shown these same counts. Where it would not have stopped by the recording's end
nothing is claimed beyond it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gonogo import judge
from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import Counts, Kpi
from gonogo.judge.peers import RULES, Outcome, Pair, Rule, peer_rule
from gonogo.usecases.judging.recording import RecordedLook, Recording
from gonogo.usecases.services.specs import share_of

OURS = "gonogo"
EVERY_POLICY = (OURS, *RULES)
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One policy on one recording, until its stop or the recording's end.

    `stopped` and `promoted` are seconds after the first look, None: not within the recording;
    `earliest` is when a peer's rule can stop at all, however bad the canary is.
    `hurt` counts customers, `bad` bad canary requests of the KPI that has most of them.
    """

    policy: str
    told: str
    stopped: float | None
    promoted: float | None
    canary_requests: int
    bad: int
    hurt: int
    earliest: float | None = None


def what_if(recording: Recording, policies: Sequence[str]) -> tuple[WhatIf, ...]:
    """What happened, then each policy. Raises InvalidInput for one that is not known or has no KPI."""
    if not recording.looks:
        raise InvalidInput(
            f"nothing was counted of {recording.service} {recording.version}",
            hint="only a release that reached customers can be replayed",
        )
    happened = _result(recording, "recorded", "what happened", recording.stopped, None)
    return (happened, *(_one(recording, policy) for policy in policies))


def _one(recording: Recording, policy: str) -> WhatIf:
    name, _, settings = policy.partition(":")
    if name == OURS:
        plan = _our_plan(recording, settings)
        told = f"gonogo with {settings}" if settings else "gonogo with the release's own settings"
        return _result(recording, policy, told, _our_stop(plan, recording.looks), None)
    if settings:
        raise InvalidInput(f'the policy "{name}" takes no settings; "{settings}" was given')
    rule = peer_rule(name, recording.kpis)
    stopped, promoted = _peer_end(rule, recording)
    found = _result(recording, name, RULES[name][0], stopped, promoted)
    return replace(found, earliest=_earliest(rule, recording.kpis))


def _earliest(rule: Rule, kpis: Sequence[Kpi]) -> float | None:
    """Seconds until the rule stops a canary that always fails beside a baseline that never does."""
    counted = {kpi.name: Pair(Counts(0, 1000), Counts(1000, 1000)) for kpi in kpis}
    progress, seconds = rule.begin(), 0.0
    while progress.outcome is Outcome.RUNNING:
        progress = rule.look(progress, counted)
        seconds += rule.interval
    return seconds if progress.outcome is Outcome.STOPPED else None


def _our_plan(recording: Recording, settings: str) -> judge.JudgePlan:
    """The release's KPIs under `ratio=1.5,limit=1%,false_alarm=5%`, or as they were."""
    kpis: list[Kpi] = list(recording.kpis)
    false_alarm = recording.false_alarm
    for setting in filter(None, settings.split(",")):
        key, equals, value = (part.strip() for part in setting.partition("="))
        if not equals or key not in {"ratio", "limit", "false_alarm"}:
            raise InvalidInput(
                f'"{setting}" is no setting of gonogo',
                hint="as in gonogo:ratio=1.5,limit=1%,false_alarm=5%; none takes a test away",
            )
        if key == "false_alarm":
            false_alarm = share_of(value)
        elif key == "limit":
            limit = None if value == _NOTHING else share_of(value)
            kpis = [_changed(kpi, limit, kpi.ratio) for kpi in kpis]
        else:
            ratio = None if value == _NOTHING else _ratio(value)
            kpis = [_changed(kpi, kpi.limit, ratio) for kpi in kpis]
    return judge.JudgePlan(tuple(kpis), false_alarm, recording.attempt, past=recording.past)


def _changed(kpi: Kpi, limit: float | None, ratio: float | None) -> Kpi:
    if limit is None and ratio is None:
        raise InvalidInput(f'the KPI "{kpi.name}" would have neither a limit nor a ratio')
    return replace(kpi, limit=limit, ratio=ratio)


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0.0
    if not 1 <= ratio <= 1000:
        raise InvalidInput(f'ratio "{text}" must be a number from 1 to 1000')
    return ratio


def _our_stop(plan: judge.JudgePlan, looks: Sequence[RecordedLook]) -> float | None:
    memory = judge.begin(plan)
    place = (looks[0].step, looks[0].alone)
    for look in looks:
        if (look.step, look.alone) != place:
            place = (look.step, look.alone)
            memory = judge.next_step(plan, memory, alone=look.alone)
        memory = judge.observe(plan, memory, look.increments)
        if judge.failed(memory):
            return look.seconds
    return None


def _peer_end(rule: Rule, recording: Recording) -> tuple[float | None, float | None]:
    """Seconds to the stop and to the promotion; only whole intervals that were recorded count."""
    progress = rule.begin()
    remaining = iter(recording.looks)
    look = next(remaining, None)
    end = rule.interval
    while end <= recording.seconds:
        counted: dict[str, Pair] = {}
        while look is not None and look.seconds <= end:
            for each in look.increments:
                pair = counted.get(each.kpi, Pair())
                counted[each.kpi] = pair + Pair(each.baseline, each.canary)
            look = next(remaining, None)
        progress = rule.look(progress, counted)
        if progress.outcome is Outcome.STOPPED:
            return end, None
        if progress.outcome is Outcome.PROMOTED:
            return None, end
        end += rule.interval
    return None, None


def _result(
    recording: Recording, policy: str, told: str, stopped: float | None, promoted: float | None
) -> WhatIf:
    """The customers whom the canary failed until the policy's stop, or until the recording's end."""
    until = recording.seconds if stopped is None else stopped
    sums: dict[str, Counts] = {}
    hurt = 0
    for look in recording.looks:
        if look.seconds > until:
            break
        hurt += look.newly_hurt
        for each in look.increments:
            sums[each.kpi] = sums.get(each.kpi, Counts()) + each.canary
    return WhatIf(
        policy=policy,
        told=told,
        stopped=stopped,
        promoted=promoted,
        canary_requests=max((counts.total for counts in sums.values()), default=0),
        bad=max((counts.bad for counts in sums.values()), default=0),
        hurt=hurt,
    )


def what_if_view(recording: Recording, found: Sequence[WhatIf]) -> Mapping[str, Any]:
    """As JSON. null: not within the recording."""
    return {
        "service": recording.service,
        "version": recording.version,
        "recorded_seconds": recording.seconds,
        "policies": [
            {
                "policy": one.policy,
                "told": one.told,
                "reimplemented": one.policy in RULES,
                "stopped_after_seconds": one.stopped,
                "promoted_after_seconds": one.promoted,
                "earliest_stop_seconds": one.earliest,
                "canary_requests": one.canary_requests,
                "bad_canary_requests": one.bad,
                "customers_hurt": one.hurt,
            }
            for one in found
        ],
    }
