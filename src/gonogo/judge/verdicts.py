"""The rule that turns what is known of one KPI into its verdict; docs/judge.md shows it as a table."""

from dataclasses import dataclass

from gonogo.domain.verdict import Verdict

LEANING = 20.0
"""Odds of harm that are no proof yet, and too much to give a canary more customers meanwhile."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the verdict of one KPI depends on.

    `anything`: the canary has had a request in this release, of whatever KPI. `seen` and `minimum`:
    canary requests of this KPI in the present step. `comparable`: no relative test waits for a
    baseline that should be there. `missing`: the baseline had so much traffic of this KPI that the
    canary must have had some, and it had none. `split_fits`: requests are not shown to be split
    otherwise than planned. `leaning`: some test's evidence stands at LEANING or more now. `kept`: limits
    shown to be kept, per test that can run.
    """

    failed: bool
    anything: bool
    seen: int
    minimum: int
    comparable: bool
    missing: bool
    split_fits: bool
    leaning: bool
    kept: tuple[bool, ...]


def kpi_verdict(standing: Standing) -> Verdict:
    """FAIL, then what is missing, then proof; in this order."""
    if standing.failed:
        return Verdict.FAIL
    if not standing.anything:
        return Verdict.NO_DATA
    trusted = standing.split_fits and standing.comparable and not standing.missing
    if standing.seen < standing.minimum or not trusted:
        return Verdict.INCONCLUSIVE
    if standing.leaning:
        return Verdict.INCONCLUSIVE
    if standing.seen and standing.kept and all(standing.kept):
        return Verdict.PASS
    return Verdict.UNPROVEN
