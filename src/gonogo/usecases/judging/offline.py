"""Judging counts that were written down somewhere, without a desk.

The file is read twice, so that a mistake in its last row is found before anything is said and the
budget can be split over the KPIs that are in it; memory does not grow with the number of rows.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from gonogo import judge
from gonogo.domain.errors import InvalidInput
from gonogo.domain.look import Look
from gonogo.domain.traffic import Arm, BadStatus, Increment, Kpi
from gonogo.domain.verdict import Interval, Judgement, KpiAssessment, Verdict, worst
from gonogo.evidence.counts_csv import CountedLook, CountsRow, in_looks, read_counts
from gonogo.judge.plan import RETRIES

MOST_KPIS = 1000
DRAWN_LOOKS = 300
DEFAULT_RATIO = 1.0
DEFAULT_FALSE_ALARM = 0.01
DEFAULT_AT_LEAST = 100
_COUNTED = BadStatus(())  # what was bad was decided by whoever counted

Source = Callable[[], Iterable[bytes]]
"""Gives the lines of the file from its start, each time it is called."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`limit`: highest tolerated share, or None; `ratio`: how many times the baseline is tolerated.

    `false_alarm` (α) is split evenly over all tests. `at_least`: canary requests below which a KPI
    that has not failed is INCONCLUSIVE.
    """

    limit: float | None = None
    ratio: float = DEFAULT_RATIO
    false_alarm: float = DEFAULT_FALSE_ALARM
    at_least: int = DEFAULT_AT_LEAST


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one KPI: at the look that stopped it, or at the file's end.

    `stopped_at_row` counts data rows from 1 and is the last row of that look.
    """

    assessment: KpiAssessment
    stopped_at_row: int | None

    @property
    def canary_total_at_stop(self) -> int | None:
        """Canary requests that it took to stop it."""
        return None if self.stopped_at_row is None else self.assessment.canary.total


@dataclass(frozen=True, slots=True)
class Offline:
    """The verdict on a file, on each of its KPIs, and the looks to draw (when they were asked for)."""

    verdict: Verdict
    kpis: tuple[Finding, ...]
    looks: tuple[Look, ...] = ()


def judge_counts(source: Source, name: str, settings: Settings, *, drawn: bool = False) -> Offline:
    """Judge a CSV file that messages call `name`; columns as in gonogo.evidence.counts_csv.

    Without a limit only the relative test runs; a KPI counted on the canary alone can only be held
    against a limit. Raises InvalidInput naming row and column.
    """
    survey = _survey(read_counts(source(), name), name)
    cases = _cases(survey, name, settings)
    looks: list[Look] = []
    every = max(1, math.ceil(survey.looks / DRAWN_LOOKS))
    rows = islice(read_counts(source(), name), survey.rows)  # it may have grown in the meantime
    for number, look in enumerate(in_looks(rows), start=1):
        if not look.increments.keys() <= cases.keys():
            raise InvalidInput(f"{name} was changed while it was read")
        stopped = [
            kpi for kpi, increment in look.increments.items() if cases[kpi].see(look, increment)
        ]
        if drawn:
            last = number == survey.looks
            _keep(looks, look, cases, new=bool(stopped) or last or number % every == 0)
    findings = tuple(case.found() for case in cases.values())
    verdict = worst(finding.assessment.verdict for finding in findings)
    return Offline(verdict, findings, tuple(look for look in looks if look.judgement.kpis))


@dataclass
class _Survey:
    arms: dict[str, set[Arm]] = field(default_factory=dict)
    rows: int = 0
    looks: int = 0


def _survey(rows: Iterable[CountsRow], name: str) -> _Survey:
    """Read it all once: every mistake is found here."""
    survey = _Survey()
    at = None
    for row in rows:
        survey.rows += 1
        survey.looks += row.at != at
        at = row.at
        survey.arms.setdefault(row.kpi, set()).add(row.arm)
        if len(survey.arms) > MOST_KPIS:
            raise InvalidInput(
                f"{name}, row {row.number}, column kpi: more than {MOST_KPIS:,} names",
                hint="a KPI is one kind of failure, not one request or customer",
            )
    return survey


class _Case:
    """One KPI under the judge, with its part of the false-alarm budget."""

    def __init__(self, kpi: Kpi, false_alarm: float, at_least: int) -> None:
        self.kpi = kpi
        # There is no second attempt at a file, so nothing of the budget is kept back for one.
        self._plan = judge.JudgePlan((kpi,), false_alarm / RETRIES)
        self._memory = judge.begin(self._plan)
        self._at_least = at_least
        self._final: Finding | None = None

    def see(self, look: CountedLook, increment: Increment) -> bool:
        """Let the judge see one look; whether it stopped here. After that nothing is seen."""
        if self._final is not None:
            return False
        self._memory = judge.observe(self._plan, self._memory, (increment,))
        if not judge.failed(self._memory):
            return False
        self._final = Finding(self.assess(), look.last_row)
        return True

    def assess(self) -> KpiAssessment:
        if self._final is not None:
            return self._final.assessment
        return judge.assess(self._plan, self._memory, self._at_least).kpis[0]

    def found(self) -> Finding:
        return self._final or Finding(self.assess(), None)


def _cases(survey: _Survey, name: str, settings: Settings) -> dict[str, _Case]:
    kpis = []
    for kpi, arms in survey.arms.items():
        if Arm.CANARY not in arms:
            raise InvalidInput(f'{name}: no row of "{kpi}" is of the canary: nothing to judge')
        alone = Arm.BASELINE not in arms
        if alone and settings.limit is None:
            raise InvalidInput(
                f'{name}: no row of "{kpi}" is of the baseline: nothing to compare the canary with',
                hint="to hold the canary alone against a limit: --limit 5%",
            )
        kpis.append(
            Kpi(kpi, _COUNTED, limit=settings.limit, ratio=None if alone else settings.ratio)
        )
    tests = [(kpi.limit is not None) + (kpi.ratio is not None) for kpi in kpis]
    each = settings.false_alarm / max(1, sum(tests))
    return {
        kpi.name: _Case(kpi, each * own, settings.at_least)
        for kpi, own in zip(kpis, tests, strict=True)
    }


def _keep(looks: list[Look], look: CountedLook, cases: dict[str, _Case], *, new: bool) -> None:
    """Add a look to what is drawn: its counts go into the last one until that is complete."""
    before: tuple[Increment, ...] = ()
    if looks and not looks[-1].judgement.kpis:
        before = looks.pop().increments
    increments = _summed((*before, *look.increments.values()))
    parts = tuple(case.assess() for case in cases.values()) if new else ()
    verdict = worst(part.verdict for part in parts)
    sentence = parts[0].sentence if parts else ""
    judgement = Judgement(verdict, parts, sentence)
    looks.append(Look("", look.at, 0, 0.0, increments, judgement))


def _summed(increments: Iterable[Increment]) -> tuple[Increment, ...]:
    sums: dict[str, Increment] = {}
    for each in increments:
        before = sums.get(each.kpi, Increment(each.kpi))
        sums[each.kpi] = Increment(
            each.kpi, before.baseline + each.baseline, before.canary + each.canary
        )
    return tuple(sums.values())


def offline_view(found: Offline) -> dict[str, Any]:
    """As JSON; null stands for what cannot be known, and for an interval without an upper end."""
    return {
        "verdict": found.verdict.value,
        "kpis": [_finding_view(finding) for finding in found.kpis],
    }


def _finding_view(finding: Finding) -> dict[str, Any]:
    assessment = finding.assessment
    strongest = max(assessment.evidence, key=lambda one: one.peak - one.threshold)
    return {
        "kpi": assessment.kpi,
        "verdict": assessment.verdict.value,
        "stopped_at_row": finding.stopped_at_row,
        "canary_total_at_stop": finding.canary_total_at_stop,
        "evidence": 10**strongest.log10_e,
        "p_value": min(1.0, 10**-strongest.peak),
        "estimate": _estimate_view(assessment.ratio),
        "expected_more_canary_requests": assessment.more_requests,
        "sentence": assessment.sentence,
    }


def _estimate_view(ratio: Interval | None) -> dict[str, float | None]:
    if ratio is None:
        return {"ratio": None, "low": None, "high": None}
    return {
        "ratio": ratio.estimate,
        "low": ratio.low,
        "high": None if math.isinf(ratio.high) else ratio.high,
    }
