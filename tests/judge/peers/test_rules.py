"""When each re-implemented rule stops, as its documentation and source say."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Kpi, SlowerThan
from gonogo.judge.peers import (
    RULES,
    ArgoRule,
    FlaggerRule,
    KayentaRule,
    Outcome,
    Pair,
    Progress,
    Rule,
    peer_rule,
)
from gonogo.judge.peers.kayenta import is_high

ERRORS = Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5)
SLOW = Kpi("slow", SlowerThan(timedelta(milliseconds=500)), limit=0.05)
BAD = {"errors": Pair(Counts(0, 900), Counts(50, 100))}
GOOD = {"errors": Pair(Counts(0, 900), Counts(0, 100))}
NOTHING: Mapping[str, Pair] = {}


def run(rule: Rule, *looks: Mapping[str, Pair], most: int = 100) -> tuple[Progress, float]:
    """The state at the end, and the seconds it took; the last look is repeated."""
    progress, seconds = rule.begin(), 0.0
    for number in range(most):
        progress = rule.look(progress, looks[min(number, len(looks) - 1)])
        seconds += rule.interval
        if progress.outcome is not Outcome.RUNNING:
            break
    return progress, seconds


@pytest.mark.parametrize(("threshold", "minutes"), [(1, 2), (10, 11)])
def test_flagger_takes_back_after_threshold_and_one_intervals(threshold: int, minutes: int) -> None:
    progress, seconds = run(FlaggerRule(("errors",), threshold), BAD)
    assert (progress.outcome, seconds) == (Outcome.STOPPED, 60 * minutes)


def test_flagger_never_forgets_a_failed_check() -> None:
    rule = FlaggerRule(("errors",), threshold=2)
    progress, seconds = run(rule, BAD, GOOD, GOOD, BAD, GOOD)
    assert (progress.outcome, seconds) == (Outcome.STOPPED, 60 * 5)


def test_flagger_counts_missing_data_as_a_failure() -> None:
    assert run(FlaggerRule(("errors",)), NOTHING)[0].outcome is Outcome.STOPPED


def test_flagger_promotes_after_its_highest_weight() -> None:
    progress, seconds = run(FlaggerRule(("errors",)), GOOD)
    assert (progress.outcome, seconds) == (Outcome.PROMOTED, 60 * 10)


def test_flagger_tolerates_one_per_cent() -> None:
    on_it = {"errors": Pair(Counts(), Counts(1, 100))}
    beyond = {"errors": Pair(Counts(), Counts(2, 100))}
    rule = FlaggerRule(("errors",))
    assert rule.look(rule.begin(), on_it).failures == 0
    assert rule.look(rule.begin(), beyond).failures == 1


def test_argo_aborts_its_example_after_25_minutes_at_60_per_cent() -> None:
    rule = ArgoRule(("errors",), by_version=True)
    progress, weights = rule.begin(), []
    while progress.outcome is Outcome.RUNNING:
        weights.append(progress.weight)
        progress = rule.look(progress, BAD)
    assert progress.outcome is Outcome.STOPPED
    assert len(weights) * rule.interval == 25 * 60
    assert weights[-1] == 0.6


def test_argo_s_example_query_hides_a_bad_canary_behind_the_baseline() -> None:
    blended = {"errors": Pair(Counts(0, 800), Counts(40, 200))}
    assert run(ArgoRule(("errors",)), blended)[0].outcome is Outcome.PROMOTED
    by_version = ArgoRule(("errors",), by_version=True)
    assert run(by_version, blended)[0].outcome is Outcome.STOPPED


def test_argo_ends_after_five_measurements_without_data() -> None:
    progress, seconds = run(ArgoRule(("errors",)), NOTHING)
    assert (progress.outcome, seconds) == (Outcome.STOPPED, 300 * 6)


def test_kayenta_misses_what_its_issue_426_shows() -> None:
    assert not is_high((0.0, 1, 2, 1, 0, 0), (0.0,) * 6)


def test_kayenta_sees_a_plain_shift_only_at_its_last_point() -> None:
    rng = np.random.default_rng(5)
    rule = KayentaRule(("errors",))
    progress = rule.begin()
    for minute in range(60):
        assert progress.outcome is Outcome.RUNNING, minute
        canary, control = rng.binomial(300, (0.20, 0.01))
        pair = Pair(Counts(int(control), 300), Counts(int(canary), 300))
        progress = rule.look(progress, {"errors": pair})
    assert progress.outcome is Outcome.STOPPED


def test_kayenta_without_data_passes() -> None:
    assert run(KayentaRule(("errors",)), NOTHING)[0].outcome is Outcome.PROMOTED


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_has_ended_stays_ended(name: str) -> None:
    rule = peer_rule(name, [ERRORS, SLOW])
    counted = {kpi: Pair(Counts(5, 950), Counts(50, 100)) for kpi in ("errors", "slow")}
    ended = run(rule, counted)[0]
    assert ended.outcome is not Outcome.RUNNING
    assert rule.look(ended, counted) is ended


def test_rules_look_at_the_kpis_of_all_requests() -> None:
    narrow = Kpi("orders", ERRORS.bad, Endpoint("POST", "/orders"), limit=0.05)
    rule = peer_rule("flagger", [narrow, ERRORS, SLOW])
    assert isinstance(rule, FlaggerRule)
    assert rule.kpis == ("errors", "slow")


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as refused:
        peer_rule("oracle", [ERRORS])
    assert "flagger-docs" in (refused.value.hint or "")
