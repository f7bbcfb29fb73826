"""Published numbers, recomputed by small oracles that only tests know, and the judge beside them.

The oracles: the Dirichlet mixture of Lindon and Malek (arXiv 2011.03567) as in the examples of the
package savvi, and the band for a whole distribution of Howard and Ramdas ("Sequential estimation of
quantiles"). The judge does not use these forms, so it is held to the same streams instead.
"""

import math

import numpy as np
import pytest

from gonogo.domain.traffic import BadStatus, Counts, Increment, Kpi
from gonogo.domain.verdict import Verdict
from gonogo.judge import JudgePlan, assess, begin, failed, observe
from gonogo.judge.intervals import share_interval
from gonogo.judge.plan import RETRIES

ERRORS = BadStatus(((500, 599),))
LEVEL = 0.05


def log_beta(concentrations):
    return sum(map(math.lgamma, concentrations)) - math.lgamma(sum(concentrations))


def dirichlet_evidence(stream, null, concentration=100):
    """The log e-value after each event against category probabilities `null`."""
    prior, seen = concentration * np.array(null), np.zeros(len(null))
    for event in stream:
        seen += event
        yield log_beta(prior + seen) - log_beta(prior) - float(seen @ np.log(null))


def drawn(probabilities, number):
    return np.random.RandomState(1).multinomial(1, probabilities, size=number)


def canary_release():
    """Bad events of two arms with exposures 0.8 and 0.2; the second has e^0.5 times the rate."""
    rates = np.array([0.8, 0.2]) * np.exp([1.5, 2.0])
    return drawn(rates / rates.sum(), 3000)


@pytest.mark.parametrize(
    ("stream", "null", "stop", "p_value"),
    [
        (drawn([0.1, 0.3, 0.6], 1000), [0.1, 0.4, 0.5], 402, 0.0484559),
        (canary_release(), [0.8, 0.2], 210, 0.0455796),
    ],
)
def test_the_dirichlet_form_stops_where_its_publishers_say(stream, null, stop, p_value):
    found = dirichlet_evidence(stream, null)
    after, evidence = next((n, e) for n, e in enumerate(found, 1) if e >= math.log(1 / LEVEL))
    assert after == stop
    assert math.exp(-evidence) == pytest.approx(p_value, abs=5e-8)


def test_the_dirichlet_form_has_the_published_interval_at_its_stop():
    stream, ratios = canary_release()[:210], np.linspace(-1, 2, 30_001)
    odds = 0.2 / 0.8 * np.exp(ratios)
    low, high, seen, prior = -math.inf, math.inf, np.zeros(2), np.array([80.0, 20.0])
    for event in stream:
        seen += event
        likelihood = seen[1] * np.log(odds) - seen.sum() * np.log1p(odds)
        inside = ratios[log_beta(prior + seen) - log_beta(prior) - likelihood < math.log(1 / LEVEL)]
        low, high = max(low, inside[0]), min(high, inside[-1])
    assert (low, high) == pytest.approx((0.00464625, 0.75493987), abs=2e-4)


def test_on_the_published_release_and_a_worse_one_the_judge_stops_before_the_dirichlet_form():
    for slope in (0.5, 2.0):
        rates = np.array([0.8, 0.2]) * np.exp([0.0, slope])
        stream = drawn(rates / rates.sum(), 3000)
        found = enumerate(dirichlet_evidence(stream, [0.8, 0.2]), 1)
        theirs = next(n for n, e in found if e >= math.log(1 / LEVEL))
        plan = JudgePlan((Kpi("errors", ERRORS, ratio=1.0),), LEVEL / RETRIES)
        memory, ours = begin(plan), 0
        for baseline, canary in stream.tolist():
            look = Increment("errors", Counts(baseline, 800), Counts(canary, 200))
            memory, ours = observe(plan, memory, [look]), ours + 1
            if failed(memory):
                break
        assert ours <= theirs


def false_alarm_of_the_band(scale, height):
    """Howard and Ramdas: P(ever outside scale·√((log log(e·t/m) + height)/t)), at most."""
    steps = np.linspace(1.0001, 2 * scale**2 - 1e-6, 20_000)
    inner = np.maximum(scale - np.sqrt(2 * (steps - 1) / height), 1e-9)
    squared = 2 / steps * inner**2
    usable = squared > 1 + 1e-9
    steps, squared = steps[usable], squared[usable]
    return float(np.min(4 * np.exp(-squared * height) * (1 + 1 / ((squared - 1) * np.log(steps)))))


def test_the_uniform_band_has_its_published_width_and_the_judges_own_is_narrower_in_the_tail():
    low, high = 1.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if false_alarm_of_the_band(0.85, middle) > LEVEL else (low, middle)
        )
    requests, first = 1000, 100
    width = 0.85 * math.sqrt((math.log(math.log(math.e * requests / first)) + high) / requests)
    assert width == pytest.approx(0.08204769, abs=1e-6)
    tail = share_interval(10, requests, LEVEL)
    assert tail.high - 0.01 < width / 3


# Kayenta issue 780: the shape of a latency changes, called a pass there. One arm answers between 10
# and 18, the other now in under 10 and now in over 100.
STEADY = (10, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7)
SWINGING = (1, 100, 4, 101, 5, 102, 6, 103, 7, 104, 8, 105, 9, 106, 17)


@pytest.mark.parametrize(
    ("canary", "baseline", "slower_than"), [(STEADY, SWINGING, 9.5), (SWINGING, STEADY, 50)]
)
def test_a_changed_shape_of_a_latency_fails_whichever_arm_has_it(canary, baseline, slower_than):
    plan = JudgePlan((Kpi("slow", ERRORS, ratio=1.2),))
    memory = begin(plan)
    for of_canary, of_baseline in zip(canary, baseline, strict=True):
        counts = [Counts(20 * (each > slower_than), 20) for each in (of_baseline, of_canary)]
        memory = observe(plan, memory, [Increment("slow", *counts)])
    assert assess(plan, memory, 100).verdict is Verdict.FAIL
