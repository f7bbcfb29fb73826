"""What is answered of releases: where they stand, what was decided, seen, recorded and written down."""

from pydantic import Field

from gonogo.api.answers.desk import EntryAnswer
from gonogo.api.answers.shapes import Answer, Instant


class CountsAnswer(Answer):
    """Bad events and all events."""

    bad: int
    total: int


class KpiAnswer(Answer):
    """The newest verdict on one KPI."""

    kpi: str
    verdict: str = Field(examples=["pass"])
    baseline: CountsAnswer
    canary: CountsAnswer
    more_requests: int | None
    smallest_visible: float | None
    sentence: str


class GateReference(Answer):
    """Which evidence a result rests on."""

    name: str
    digest: str
    at: Instant
    supplier: str


class GateAnswer(Answer):
    """What came of one gate: `number` against `limit` in `unit`, and what would help."""

    kind: str = Field(examples=["tests"])
    mode: str = Field(examples=["required"])
    status: str = Field(examples=["pass"])
    reason: str
    number: float | None
    limit: float | None
    unit: str
    owner: str
    fix: str
    asks: list[str]
    evidence: list[GateReference]
    until: Instant | None
    passes: bool
    later: bool
    waived: str | None
    waiver: str | None


class DecisionAnswer(Answer):
    """What the gates said: `go`, `hold` or `no_go`, in one sentence and gate by gate."""

    answer: str = Field(examples=["hold"])
    sentence: str
    commit: str
    digest: str
    at: Instant
    due: Instant | None
    rehearse: bool
    gates: list[GateAnswer]
    blocking: list[str]


class GaugeAnswer(Answer):
    """One gauge: its newest value and the worst one, in its unit; null where none was read."""

    gauge: str = Field(examples=["memory"])
    verdict: str = Field(examples=["pass"])
    value: float | None
    at: Instant | None
    worst: float | None
    bound: str = Field(examples=["at_most"])
    limit: float
    unit: str = Field(examples=["bytes"])
    sentence: str


class ReleaseAnswer(Answer):
    """A release and where it stands. `revision` grows with every change of it."""

    id: str = Field(examples=["3f0c1a9b7d21"])
    service: str = Field(examples=["orders"])
    version: str = Field(examples=["v1.2.1"])
    commit: str
    previous: str | None
    stage: str = Field(examples=["canary"])
    stage_since: Instant
    created_at: Instant
    final: bool
    waits_for_person: bool
    reason: str
    actor: str
    step: int
    steps: int
    share: float
    exposed: bool
    attempt: int
    revision: int
    verdict: str | None
    sentence: str | None
    kpis: list[KpiAnswer]
    gauges: list[GaugeAnswer]


class ReleaseDetail(ReleaseAnswer):
    """A release with the newest decision on it."""

    decision: DecisionAnswer | None


class IntentionAnswer(Answer):
    """What a release would do, in sentences; `previous` is what customers go back to."""

    will: list[str]
    previous: str | None


class EventsAnswer(Answer):
    """A release, and what was written down of it since."""

    release: ReleaseAnswer
    events: list[EntryAnswer]


class FiguresAnswer(Answer):
    """The figures of a release; null where nothing was recorded."""

    id: str
    service: str
    version: str
    outcome: str
    reasons: list[str]
    canary_requests: int | None
    canary_bad: int | None
    customers_hurt: int | None
    canary_requests_to_decision: int | None
    first_bad_at: Instant | None
    decided_at: Instant | None
    weight_zero_at: Instant | None
    seconds_bad_to_weight_zero: float | None
    seconds_decision_to_weight_zero: float | None
    exposure_share: float | None


class RecordedKpi(Answer):
    """A KPI as a release was judged by it."""

    kpi: str
    counts: str = Field(examples=["errors"])
    all_requests: bool
    limit: float | None
    ratio: float | None


class LookAnswer(Answer):
    """One look: per KPI the bad and all events of the baseline, then of the canary, since the last one."""

    at: Instant
    step: int
    share: float
    gap: str | None
    newly_hurt: int
    counts: dict[str, list[int]]


class RecordingAnswer(Answer):
    """Everything that was counted during a release; `gonogo replay` judges it again."""

    id: str
    service: str
    version: str
    false_alarm: float
    attempt: int
    past: str = Field(examples=["tell"])
    kpis: list[RecordedKpi]
    stopped_at: Instant | None
    looks: list[LookAnswer]


class PolicyAnswer(Answer):
    """What one policy would have done; null: not within the recording."""

    policy: str
    told: str
    reimplemented: bool
    stopped_after_seconds: float | None
    promoted_after_seconds: float | None
    earliest_stop_seconds: float | None
    canary_requests: int
    bad_canary_requests: int
    customers_hurt: int


class WhatIfAnswer(Answer):
    """What other policies would have done with the same customers."""

    service: str
    version: str
    recorded_seconds: float
    policies: list[PolicyAnswer]


class WhyAnswer(Answer):
    """Why a release stands where it stands."""

    release: str
    why: list[str]


class VerificationAnswer(Answer):
    """What the plan asks of whoever confirms a release."""

    release: str
    service: str
    version: str
    stage: str
    lines: list[str]
    roles: list[str]
