"""What the judge would have said of traffic that something else routes. Nothing is moved."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gonogo import judge
from gonogo.domain.errors import InvalidInput
from gonogo.domain.plan import Plan
from gonogo.domain.repeats import Repeats
from gonogo.domain.traffic import (
    ONCE_IN,
    Arm,
    BadStatus,
    Counts,
    Increment,
    Kpi,
    Request,
    SlowerThan,
    is_bad,
)
from gonogo.domain.verdict import Judgement, Verdict
from gonogo.evidence.access_log import ArmRule, DurationRule, LogForm, Unreadable, read_line
from gonogo.judge.plan import RETRIES
from gonogo.judge.sentences import counted_once
from gonogo.usecases.judging.assessed import kpi_view

ERRORS = BadStatus(((500, 599),))
MOST_WAITING = 10_000  # requests of one and the same time that may become one look
_ENOUGH_LINES = 100
DURATION_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


@dataclass(frozen=True, slots=True)
class Stop:
    """The moment at which the judge would have stopped the canary, and the line of a log that told."""

    at: datetime
    line: int | None
    judgement: Judgement


def log_form(
    *,
    arm: str | None,
    arm_pattern: str | None,
    canary: str,
    baseline: str,
    duration: str | None,
    duration_pattern: str | None,
    duration_unit: str,
    time: str | None,
    status: str | None,
) -> LogForm:
    """How lines are to be read, from options. Raises InvalidInput."""
    if (arm is None) == (arm_pattern is None):
        raise InvalidInput(
            "how are the arms told apart? give one of --arm FIELD and --arm-pattern REGEX",
            hint="as in --arm upstream --canary '10.0.0.7:*'",
        )
    if duration is not None and duration_pattern is not None:
        raise InvalidInput("--duration and --duration-pattern exclude each other")
    rule = None
    if duration is not None or duration_pattern is not None:
        rule = DurationRule(
            duration,
            _pattern("--duration-pattern", duration_pattern),
            DURATION_UNITS[duration_unit],
        )
    arms = ArmRule(arm, _pattern("--arm-pattern", arm_pattern), canary, baseline)
    return LogForm(arms, rule, time, status)


def _pattern(option: str, text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidInput(f'{option} "{text}" is no regular expression: {error}') from error


def judge_by_spec(plan: Plan) -> judge.JudgePlan:
    """A spec's KPIs and judged rollback criteria, exactly as its first attempt would be judged."""
    return judge.judge_plan(plan, 1)


def judge_by_options(
    limit: float | None, ratio: float, slower_than: timedelta | None, false_alarm: float
) -> judge.JudgePlan:
    """Failed requests and, where a duration is given, slow ones."""
    kpis = [Kpi("errors", ERRORS, limit=limit, ratio=ratio, once_in=ONCE_IN)]
    if slower_than is not None:
        slow = SlowerThan(slower_than)
        kpis.append(Kpi("slow", slow, limit=limit, ratio=ratio, once_in=ONCE_IN))
    return judge.JudgePlan(tuple(kpis), false_alarm / RETRIES)


@dataclass
class Watching:
    """The judge at work on traffic that it does not route: what it would have said, and when.

    After the moment of a stop only requests are counted. Memory is constant.
    """

    plan: judge.JudgePlan
    at_least: int
    requests: dict[Arm, int] = field(default_factory=lambda: dict.fromkeys(Arm, 0))
    first: datetime | None = None
    last: datetime | None = None
    stop: Stop | None = None

    def __post_init__(self) -> None:
        self._memory = judge.begin(self.plan)

    def weigh(
        self, at: datetime, increments: Sequence[Increment], line: int | None = None
    ) -> Stop | None:
        """One more look; the stop, the first time it would have come."""
        self.first = self.first or at
        self.last = at
        if self.stop is not None:
            return None
        self._memory = judge.observe(self.plan, self._memory, increments)
        if not judge.failed(self._memory):
            return None
        self.stop = Stop(at, line, self.judgement())
        return self.stop

    def judgement(self) -> Judgement:
        """How things stand; after a stop, as they stood then."""
        if self.stop is not None:
            return self.stop.judgement
        return judge.assess(self.plan, self._memory, self.at_least)


@dataclass
class Observer(Watching):
    """Takes the lines of an access log in.

    Lines that follow one another with the same time are one look. `nameless` requests tell no
    customer's address; `repeated` ones were left out by some KPI as repetitions.
    """

    form: LogForm = field(kw_only=True)
    lines: int = 0
    neither: int = 0
    nameless: int = 0
    repeated: int = 0
    unreadable: int = 0
    first_unreadable: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        needs_duration = any(isinstance(kpi.bad, SlowerThan) for kpi in self.plan.kpis)
        if needs_duration and self.form.duration is None:
            raise InvalidInput(
                "a KPI asks how long requests took, and nothing says where the log has it",
                hint="add --duration FIELD or --duration-pattern REGEX",
            )
        self._repeats = Repeats(self.plan.kpis)
        self._waiting: list[Request] = []

    def see(self, line: str) -> Stop | None:
        """One more line; the stop, the first time it would have come."""
        self.lines += 1
        if not line.strip():
            return None
        try:
            request = read_line(line, self.form)
        except Unreadable as problem:
            self.unreadable += 1
            if self.first_unreadable is None:
                self.first_unreadable = f"line {self.lines}: {problem}"
            self._must_be_readable()
            return None
        if request is None:
            self.neither += 1
            return None
        found = None
        if self._waiting and (
            self._waiting[-1].at != request.at or len(self._waiting) >= MOST_WAITING
        ):
            found = self.look(self.lines - 1)
        self._waiting.append(request)
        return found

    def _must_be_readable(self) -> None:
        if self.lines >= _ENOUGH_LINES and self.unreadable == self.lines:
            raise InvalidInput(
                f"none of the first {self.lines} lines can be read; {self.first_unreadable}"
            )

    def look(self, line: int | None = None) -> Stop | None:
        """Judge what has come; the stop, the first time it would have come."""
        if not self._waiting:
            return None
        requests, self._waiting = self._waiting, []
        self.first = self.first or requests[0].at
        for request in requests:
            self.requests[Arm(request.address)] += 1
        counted = [] if self.stop is not None else self._counted(requests)
        return self.weigh(requests[-1].at, counted, line or self.lines)

    def _counted(self, requests: list[Request]) -> list[Increment]:
        """What counts of these requests, per KPI; a customer's repetitions do not."""
        sums = {kpi.name: {arm.value: [0, 0] for arm in Arm} for kpi in self.plan.kpis}
        for request in requests:
            self.nameless += not request.client
            hurt = repeated = False
            for kpi in self.plan.kpis:
                if not kpi.endpoint.matches(request.method, request.path):
                    continue
                bad = is_bad(kpi.bad, request)
                hurt = hurt or bad
                if self._repeats.count(kpi.name, request.client, request.at, bad=bad):
                    sums[kpi.name][request.address][0] += bad
                    sums[kpi.name][request.address][1] += 1
                else:
                    repeated = True
            self.repeated += repeated
            if not hurt:
                self._repeats.answered_well(request.client)
        return [
            Increment(kpi, Counts(*arms[Arm.BASELINE.value]), Counts(*arms[Arm.CANARY.value]))
            for kpi, arms in sums.items()
        ]

    def finish(self) -> Stop | None:
        """Judge what is left. Raises InvalidInput when no line at all could be read."""
        found = self.look()
        if self.unreadable and not any(self.requests.values()) and not self.neither:
            raise InvalidInput(f"no line can be read; {self.first_unreadable}")
        return found


def observed_view(observer: Observer) -> dict[str, Any]:
    """As JSON."""
    return {
        **watched_view(observer),
        "stopped_at_line": observer.stop.line if observer.stop else None,
        "lines": observer.lines,
        "unreadable_lines": observer.unreadable,
        "first_unreadable": observer.first_unreadable,
        "requests_of_neither_arm": observer.neither,
        "requests_without_client": observer.nameless,
        "requests_left_out": observer.repeated,
    }


def watched_view(watching: Watching) -> dict[str, Any]:
    """As JSON, whatever it was watched on."""
    judgement, stop = watching.judgement(), watching.stop
    return {
        "verdict": judgement.verdict.value,
        "sentence": judgement.sentence,
        "would_have_stopped": stop is not None,
        "stopped_at": stop.at.isoformat() if stop else None,
        "requests": {arm.value: number for arm, number in watching.requests.items()},
        "from": watching.first.isoformat() if watching.first else None,
        "to": watching.last.isoformat() if watching.last else None,
        "kpis": [kpi_view(kpi) for kpi in judgement.kpis],
    }


def _left_out(observer: Observer) -> list[str]:
    """Whose requests were left out, or could not be."""
    rules = counted_once(observer.plan.kpis)
    if not rules:
        return []
    if observer.nameless:
        return [
            f"  {observer.nameless:,} requests tell no customer's address, so repetitions count in full"
        ]
    return [f"  {rule}" for rule in rules] + [f"  left out so far: {observer.repeated:,} requests"]


def told(observer: Observer) -> list[str]:
    """How things stand, in sentences."""
    said = watched(observer)
    said += _left_out(observer)
    seen = ", ".join(f"{number:,} {arm.value}" for arm, number in observer.requests.items())
    said.append(f"  read: {seen} requests, {observer.neither:,} of neither arm")
    if observer.unreadable:
        said.append(
            f"  {observer.unreadable:,} lines could not be read; {observer.first_unreadable}"
        )
    return said


def watched(watching: Watching) -> list[str]:
    """What the judge would have said, in sentences."""
    said = []
    stop = watching.stop
    if stop is not None:
        where = "" if stop.line is None else f" (line {stop.line:,})"
        said.append(f"would have stopped the canary at {stop.at:%Y-%m-%d %H:%M:%S} UTC{where}")
    elif watching.judgement().verdict is Verdict.NO_DATA:
        said.append("no request of the canary was seen")
    else:
        said.append("would not have stopped the canary")
    return said + [f"  {kpi.sentence}" for kpi in watching.judgement().kpis]
