"""What the judge found, as one plain sentence for a tester without statistics."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from gonogo.domain.traffic import Counts, Kpi, Unit
from gonogo.domain.verdict import Evidence, Interval, KpiAssessment, Test, Verdict
from gonogo.judge.verdicts import Standing


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything a KPI's sentence may speak of."""

    kpi: Kpi
    standing: Standing
    alone: bool
    baseline: Counts
    canary: Counts
    evidence: tuple[Evidence, ...]
    ratio: Interval | None
    share: Interval | None
    more: int | None
    split: tuple[float, float]


def kpi_sentence(verdict: Verdict, findings: Findings) -> str:
    """Counts first, then what follows from them."""
    if verdict is Verdict.NO_DATA:
        return f"{findings.kpi.name}: no request has reached the canary yet, so nothing can be said"
    return f"{findings.kpi.name}: {_counts(findings)}{_CONCLUSIONS[verdict](findings)}"


def deciding_sentence(verdict: Verdict, parts: Sequence[KpiAssessment]) -> str:
    """The sentence of the KPI that decides, then the names of others with the same verdict."""
    same = [part for part in parts if part.verdict is verdict]
    first = max(same, key=_nearness)
    others = [part.kpi for part in same if part is not first]
    if verdict is Verdict.FAIL and others:
        return f"{first.sentence}; also failed: {', '.join(others)}"
    return first.sentence


def _nearness(part: KpiAssessment) -> float:
    return max(
        (item.peak - item.threshold for item in part.evidence if item.alpha), default=-math.inf
    )


def _counts(findings: Findings) -> str:
    canary, baseline = findings.canary, findings.baseline
    counted = _counted(findings)
    if not canary.total:
        text = f"no canary {counted}"
    else:
        share = percent(canary.bad / canary.total)
        text = f"{canary.bad:,} of {canary.total:,} canary {counted}s bad ({share})"
    if baseline.total:
        share = percent(baseline.bad / baseline.total)
        text += f", baseline {baseline.bad:,} of {baseline.total:,} ({share})"
    return text


def _counted(findings: Findings) -> str:
    return "customer" if findings.kpi.unit is Unit.CLIENT else "request"


def counted_once(kpis: Sequence[Kpi]) -> list[str]:
    """What is left out of the counts of which KPIs (`domain.repeats`), one sentence per rule."""
    rules: dict[tuple[Unit, timedelta], list[str]] = {}
    for kpi in kpis:
        if kpi.once_in is not None:
            rules.setdefault((kpi.unit, kpi.once_in), []).append(kpi.name)
    said = []
    for (unit, time), names in rules.items():
        if unit is Unit.CLIENT:
            rule = f"each customer is counted once in {span(time)}, by its first request"
        else:
            rule = f"a customer's bad answers count once in {span(time)} or until it is served well again"
        said.append(f"{', '.join(names)}: {rule}")
    return said


def span(time: timedelta) -> str:
    """A time as people say it, in its largest whole unit."""
    seconds = time.total_seconds()
    for unit, length in (("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            number = int(seconds // length)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds:g} s"


def _failed(findings: Findings) -> str:
    stopping = [item for item in findings.evidence if item.alpha]
    strongest = max(stopping, key=lambda item: item.peak - item.threshold)
    odds = f"odds {odds_of(strongest.peak)} that this is no accident (limit {odds_of(strongest.threshold)})"
    return f": {_harm(findings, strongest)}; {odds}"


def _harm(findings: Findings, strongest: Evidence) -> str:
    """What is worse than tolerated; a fault that came late may not show in the release's estimate."""
    tolerance, share, ratio = strongest.tolerance, findings.share, findings.ratio
    if strongest.test is Test.PAST:
        return _than_past(findings, strongest)
    if strongest.test is Test.ABSOLUTE:
        if share is None or share.estimate is None or share.estimate <= tolerance:
            return f"lately more than the {percent(tolerance)} tolerated"
        between = f"[{percent(share.low)}, {percent(share.high)}]"
        return f"more than the {percent(tolerance)} tolerated {between}"
    if ratio is None or (ratio.estimate is not None and ratio.estimate <= tolerance):
        return f"lately worse than the {tolerance:g} times tolerated"
    return _times(ratio)


def _than_past(findings: Findings, evidence: Evidence) -> str:
    times = findings.kpi.ratio or 1
    return (
        f"since promotion more than the {percent(evidence.tolerance)} that {times:g} times"
        " the service's recorded past allows"
    )


def _times(ratio: Interval) -> str:
    low = rounded(ratio.low)
    if ratio.estimate is None:
        return f"at least {low} times worse"
    high = "∞" if math.isinf(ratio.high) else rounded(ratio.high)
    return f"about {rounded(ratio.estimate)} times worse [{low}, {high}]"


def _inconclusive(findings: Findings) -> str:
    standing = findings.standing
    if not standing.split_fits:
        found, planned = findings.split
        return (
            f": the canary got {percent(found)} of this step's requests where {percent(planned)} was"
            " planned, so the split cannot be trusted"
        )
    if standing.missing:
        return ": the baseline gets such requests and the canary got none in this step: look at the routing"
    if standing.seen < standing.minimum:
        return (
            f": {standing.seen:,} of {standing.minimum:,} {_counted(findings)}s needed in this step"
        )
    if standing.leaning and standing.comparable:
        strongest = max(findings.evidence, key=lambda item: item.log10_e)
        if strongest.test is Test.PAST:
            return f": {_leaning_on_past(findings, strongest)}"
        odds = (
            f"odds {odds_of(strongest.log10_e)} (it is stopped at {odds_of(strongest.threshold)})"
        )
        return f": it leans towards harm, {odds}, so it gets no more customers before more is seen"
    return ": the baseline has had no request in this step, so there is nothing to compare with"


def _leaning_on_past(findings: Findings, evidence: Evidence) -> str:
    told = f"it leans towards harm, {_than_past(findings, evidence)}"
    odds = f"odds {odds_of(evidence.log10_e)}"
    if evidence.alpha:
        return f"{told}, {odds} (it is stopped at {odds_of(evidence.threshold)})"
    return (
        f"{told}, {odds}; the version may be the cause, or something that would have hit"
        " the one before as well, so this does not take it back"
    )


def _unproven(findings: Findings) -> str:
    if not findings.standing.seen:
        return ": no such request came in this step, so this endpoint is not judged here"
    past = next((item for item in findings.evidence if item.test is Test.PAST), None)
    if not findings.standing.kept and past is not None and past.tolerance:
        return (
            f": no baseline is left; no proof of more than the {percent(past.tolerance)} that"
            f" {findings.kpi.ratio or 1:g} times the service's recorded past allows"
        )
    if not findings.standing.kept:
        return ": no baseline is left to compare with, so nothing more can be shown"
    kept = "not yet shown that its limits are kept"
    if findings.more is None:
        return f": no proof of harm, and {kept}"
    more = f"about {rounded(findings.more)} more canary {_counted(findings)}s"
    return f": no proof of harm, and {kept}; an answer may take {more}"


def _passed(findings: Findings) -> str:
    limits = []
    if findings.kpi.limit is not None:
        limits.append(f"below the limit of {percent(findings.kpi.limit)}")
    if findings.kpi.ratio is not None and not findings.alone:
        limits.append(f"below {findings.kpi.ratio:g} times the baseline")
    return f": shown to be {' and '.join(limits)}"


_CONCLUSIONS = {
    Verdict.FAIL: _failed,
    Verdict.INCONCLUSIVE: _inconclusive,
    Verdict.UNPROVEN: _unproven,
    Verdict.PASS: _passed,
}


def percent(share: float) -> str:
    """A share as per cent with as many digits as say something."""
    value = 100 * share
    if 0 < value < 0.001:
        return "under 0.001 %"
    if value == 0 or value >= 10:
        return f"{value:.1f} %".replace(".0 %", " %")
    return f"{value:.2g} %"


def odds_of(log10_evidence: float) -> str:
    """Evidence as odds: "4,100 : 1", or a power of ten where figures would be meaningless."""
    if log10_evidence > 9:
        return "over a billion : 1"
    return f"{rounded(10**log10_evidence)} : 1"


def rounded(number: float) -> str:
    """A number with two significant digits and thousands separated."""
    if number < 10:
        return f"{number:.2g}"
    digits = max(0, math.floor(math.log10(number)) - 1)
    return f"{round(number / 10**digits) * 10**digits:,}"
