"""Is the canary worse? Counts in, verdict out; pure, anytime-valid, constant memory (docs/judge.md)."""

from gonogo.judge.assessment import assess
from gonogo.judge.codec import decode, encode
from gonogo.judge.literal import (
    LiteralState,
    LiteralWindow,
    begin_literal,
    fired,
    observe_literal,
)
from gonogo.judge.memory import Memory, begin, failed, next_step, observe
from gonogo.judge.plan import JudgePlan, judge_plan

__all__ = [
    "JudgePlan",
    "LiteralState",
    "LiteralWindow",
    "Memory",
    "assess",
    "begin",
    "begin_literal",
    "decode",
    "encode",
    "failed",
    "fired",
    "judge_plan",
    "next_step",
    "observe",
    "observe_literal",
]
