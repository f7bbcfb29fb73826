"""Is the canary worse? Counts in, verdict out; pure, anytime-valid, constant memory (docs/judge.md)."""

from gonogo.judge.assessment import assess
from gonogo.judge.codec import Recollection, decode, decode_all, encode, encode_all
from gonogo.judge.gauges import (
    GaugeMemories,
    assess_gauges,
    begin_gauges,
    failed_gauge,
    next_step_of_gauges,
    observe_gauges,
    with_gauges,
)
from gonogo.judge.literal import (
    LiteralState,
    LiteralWindow,
    begin_literal,
    fired,
    observe_literal,
)
from gonogo.judge.memory import Memory, begin, end_past, failed, next_step, observe
from gonogo.judge.past import worse_than_past
from gonogo.judge.plan import JudgePlan, judge_plan

__all__ = [
    "GaugeMemories",
    "JudgePlan",
    "LiteralState",
    "LiteralWindow",
    "Memory",
    "Recollection",
    "assess",
    "assess_gauges",
    "begin",
    "begin_gauges",
    "begin_literal",
    "decode",
    "decode_all",
    "encode",
    "encode_all",
    "end_past",
    "failed",
    "failed_gauge",
    "fired",
    "judge_plan",
    "next_step",
    "next_step_of_gauges",
    "observe",
    "observe_gauges",
    "observe_literal",
    "with_gauges",
    "worse_than_past",
]
