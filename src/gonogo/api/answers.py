"""What answers look like. A later version may add fields to them, and takes none away.

Times are ISO 8601 with their zone, durations are seconds, shares are between 0 and 1. null: not known,
or there is none.
"""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

Instant = Annotated[
    str,
    Field(json_schema_extra={"format": "date-time"}, examples=["2026-03-01T12:00:00+00:00"]),
]


class Answer(BaseModel):
    """A JSON object that may hold more than is described."""

    model_config = ConfigDict(extra="allow")


class PageOf(Answer, Generic[Item]):
    """Some of a list. `next` is the cursor of the next page; null on the last one."""

    items: list[Item]
    next: str | None = Field(examples=["WyI5ZjFhIiwiYTFiMmMzIl0"])


class Problem(BaseModel):
    """An RFC 9457 problem. `title` and `detail` are one sentence; `hint` is what to do about it."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:gonogo:problem:not-found",
                    "title": 'no release "v9" is known',
                    "status": 404,
                    "detail": 'no release "v9" is known',
                    "hint": "run `gonogo status` to see them",
                    "instance": "urn:gonogo:request:6f1c1d0e6f4b4b0a8f0a4f8a5b7f2c11",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
    instance: str | None = None


class DeskHealth(Answer):
    """That a desk answers, and of which version."""

    desk: str = Field(examples=["gonogo"])
    version: str = Field(examples=["0.1.0"])


class Stopping(Answer):
    """That the desk was told to end."""

    desk: str = Field(examples=["stopping"])


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


class EntryAnswer(Answer):
    """One entry of the audit chain. `data` depends on `action`."""

    sequence: int
    at: Instant
    actor: str
    action: str = Field(examples=["person:release:start"])
    subject: str
    data: dict[str, Any]
    digest: str


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


class SlotAnswer(Answer):
    """One running version."""

    slot: str
    role: str = Field(examples=["baseline"])
    version: str | None
    address: str | None
    share: float
    adopted: bool = Field(description="It ran before: gonogo neither starts nor stops it.")


class EnvironmentAnswer(Answer):
    """What runs in one environment."""

    environment: str
    url: str
    slots: list[SlotAnswer]


class ServiceAnswer(Answer):
    """A registered service; `digest` is that of its spec."""

    service: str
    repository: str
    digest: str
    registered_by: str
    registered_at: Instant
    environments: list[EnvironmentAnswer]
    under_way: list[ReleaseAnswer]


class EntranceAnswer(Answer):
    """An adopted version and how customers come in: `role` is null when it was let go, `routed` says
    that the router runs and sends customers where they belong, `requests` counts those that came
    through its process `router`."""

    release: str
    service: str
    environment: str
    version: str
    commit: str
    address: str
    adopted_by: str
    adopted_at: Instant
    url: str
    role: str | None
    share: float
    routed: bool
    router: int | None
    requests: int


class SpecAnswer(Answer):
    """The registered spec as it was sent."""

    service: str
    digest: str
    spec: str


class UrlAnswer(Answer):
    """Where an environment answers."""

    environment: str
    url: str


class RegisteredAnswer(Answer):
    """What registering did."""

    service: str
    digest: str
    changed: bool
    known_before: bool
    environments: list[UrlAnswer]


class DifferenceAnswer(Answer):
    """How a spec differs from the registered one, whose digest is `replaces`."""

    service: str
    replaces: str | None
    lines: list[str]


class TrafficAnswer(Answer):
    """Requests a second, and the share of bad ones."""

    requests_per_second: float
    bad_share: float


class SeenAnswer(Answer):
    """When a regression of this size is stopped; null: never."""

    times: float
    bad_share: float | None
    canary_requests: float | None
    seconds: float | None


class SightAnswer(Answer):
    """What one KPI shows in one step."""

    kpi: str
    canary_requests_per_second: float
    seconds_to_minimum: float | None
    seen: list[SeenAnswer]
    seconds_to_prove: dict[str, float | None]


class OutlookStep(Answer):
    """One step of a rollout."""

    step: int
    share: float
    hold_seconds: float
    kpis: list[SightAnswer]


class OutlookAnswer(Answer):
    """What a rollout can and cannot see at its traffic."""

    service: str
    false_alarm: float
    traffic: dict[str, TrafficAnswer]
    steps: list[OutlookStep]
    advice: list[str]


class ChainAnswer(Answer):
    """Whether the audit chain holds; `broken` is the first entry that does not."""

    holds: bool
    entries: int
    head: str
    broken: EntryAnswer | None
    reason: str | None


class FindingAnswer(Answer):
    """One check of the desk's health, and its remedy."""

    check: str
    health: str = Field(examples=["good"])
    detail: str
    remedy: str


class TokenAnswer(Answer):
    """A token, without what opens the door."""

    id: str
    person: str
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    scopes: list[str] | None = None


class ListedToken(TokenAnswer):
    """A token and whether it is `good`, `expired` or `revoked`."""

    state: str


class IssuedTokenAnswer(TokenAnswer):
    """A new token; `secret` is told this once."""

    secret: str = Field(examples=["gonogo_…"])


class PersonAnswer(Answer):
    """Somebody whom the desk knows or knew."""

    name: str
    roles: list[str]
    emails: list[str]
    added_by: str
    added_at: Instant
    left_at: Instant | None


class ActorAnswer(Answer):
    """Who somebody is to the desk, and what they may do."""

    name: str
    roles: list[str]
    emails: list[str]
    may: list[str]


class WaysAnswer(Answer):
    """By what one can sign in here."""

    password: bool
    openid: bool


class SignedInAnswer(ActorAnswer):
    """Who is signed in now; `csrf_token` is what requests of this session that change something carry."""

    csrf_token: str


class EndedAnswer(Answer):
    """How many sessions were ended."""

    ended: int


class UnlinkedAnswer(Answer):
    """How many accounts elsewhere were taken from somebody."""

    unlinked: int


class ChangedPassword(Answer):
    """That the password was changed."""

    password: str = Field(examples=["changed"])


class SessionAnswer(Answer):
    """One session of one's own; `present` is the one that asks."""

    id: str
    created_at: Instant
    seen_at: Instant
    expires_at: Instant
    client: str
    address: str
    present: bool


class InvitationAnswer(Answer):
    """What a one-time link is for; without `person` it makes the first admin."""

    person: str | None
    purpose: str
    made_by: str
    expires_at: Instant


class NewInvitation(InvitationAnswer):
    """A new one-time link, told this once."""

    link: str
