"""What a rollout does next, given what the judge says and the time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gonogo.domain.plan import OnUnproven, Rollout
from gonogo.domain.verdict import Judgement, Verdict


class Move(StrEnum):
    """The next thing a rollout does."""

    HOLD = "hold"
    ADVANCE = "advance"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class NextMove:
    """A move and the reason for it."""

    move: Move
    reason: str


def next_move(
    rollout: Rollout,
    step: int,
    since: datetime,
    judgement: Judgement,
    seen: int,
    now: datetime,
) -> NextMove:
    """What to do in step `step`, begun at `since`, with `seen` canary requests counted in it.

    FAIL takes back at once. PASS may end a step early. UNPROVEN advances at the step's end when the
    plan says so. Missing or inconclusive data holds, and asks for a person once patience has run out.
    """
    verdict = judgement.verdict
    if verdict is Verdict.FAIL:
        return NextMove(Move.ROLL_BACK, "the evidence of harm crossed its limit")
    plan = rollout.steps[step]
    onward = Move.PROMOTE if step + 1 == len(rollout.steps) else Move.ADVANCE
    enough = seen >= plan.minimum_requests
    if verdict is Verdict.PASS and enough:
        return NextMove(onward, "every limit is shown to be kept")
    left = plan.hold - (now - since)
    if left.total_seconds() > 0:
        return NextMove(Move.HOLD, f"the step runs for another {left.total_seconds():.0f} s")
    if verdict is Verdict.UNPROVEN and enough and rollout.on_unproven is OnUnproven.ADVANCE:
        return NextMove(onward, "enough was seen and nothing speaks against it (unproven)")
    why = _lack(judgement, seen, plan.minimum_requests)
    if -left >= rollout.patience:
        minutes = rollout.patience.total_seconds() / 60
        return NextMove(Move.ASK, f"{why}; waited {minutes:g} min past the step's end")
    return NextMove(Move.HOLD, why)


def _lack(judgement: Judgement, seen: int, minimum: int) -> str:
    if seen < minimum:
        return f"waits for traffic: {seen} of {minimum} canary requests seen"
    if judgement.verdict is Verdict.UNPROVEN:
        return "waits for proof: nothing speaks against it, nothing proves it, and the plan asks for proof"
    return f"waits, {judgement.verdict.value.replace('_', ' ')}: {judgement.sentence}"
