"""What any test can reach that must stop good releases with at most α but does not know how bad one is.

The information bound is log(1/α)/KL, as if requests were divisible and the truth were known. Here the
best stopping rule is computed that knows the baseline's rate exactly, has no stake in reserve for later
faults, and minimises the mean of requests/bound over a prior on the canary's rate, with P(ever stop a
good release) = α exactly. It is a stopping problem in (canary requests, bad ones), solved backwards by
dynamic programming; α fixes the price of a false alarm. No test of the product's kind can do better on
average over that prior. Once with a prior that knows the four reported rates, once with an even one
over the logarithm of 1.4 to 60 times the baseline's rate.

    PYTHONPATH=src python bench/judge_floor.py
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gonogo.judge.alternatives import Vector
from judge_runs import Report, divergence

ALPHA = 0.01
DEAREST = 30.0  # bounds that a stream costs which is still undecided at the horizon


@dataclass(frozen=True)
class Problem:
    """Baseline rate, canary rates that the rule reckons with, horizon and most bad requests kept."""

    baseline: float
    canary: Vector
    requests: int
    bad: int

    def bounds(self) -> Vector:
        """Requests per canary rate that the information bound asks for."""
        return np.array([math.log(1 / ALPHA) / _nats(rate, self.baseline) for rate in self.canary])

    def rule(self, price: float) -> npt.NDArray[np.bool_]:
        """Where to stop, shape (requests, bad): there going on costs more than a false alarm does."""
        bounds, counts = self.bounds(), np.arange(self.bad + 1)
        bad = np.log(self.canary / self.baseline)[:, None] * counts
        good = np.log((1 - self.canary) / (1 - self.baseline))[:, None]
        each = (1 / (len(bounds) * bounds))[:, None]

        def cost(seen: int) -> Vector:
            likelihood = np.exp(np.clip(bad + (seen - counts) * good, -700, 300))
            return np.asarray((each * likelihood).sum(axis=0))

        value = np.minimum(price, cost(self.requests) * DEAREST * bounds.max())
        stop = np.zeros((self.requests, self.bad + 1), dtype=bool)
        for seen in range(self.requests - 1, -1, -1):
            above = np.append(value[1:], price)
            onward = cost(seen) + (1 - self.baseline) * value + self.baseline * above
            stop[seen] = onward >= price
            value = np.minimum(price, onward)
        return stop

    def best(self) -> npt.NDArray[np.bool_]:
        """The rule whose false alarms come up to ALPHA."""
        low, high = 1.0, 1e5
        for _ in range(24):
            middle = math.sqrt(low * high)
            if followed(self.rule(middle), self.baseline)[0] > ALPHA:
                low = middle
            else:
                high = middle
        return self.rule(high)


def followed(stop: npt.NDArray[np.bool_], rate: float) -> tuple[float, float]:
    """The chance of ever stopping, and mean requests, when requests are bad at `rate`."""
    here = np.zeros(stop.shape[1])
    here[0], ever, requests = 1.0, 0.0, 0.0
    for seen, stops in enumerate(stop):
        leaving = float(here[stops].sum())
        ever, requests = ever + leaving, requests + leaving * seen
        here = np.where(stops, 0.0, here)
        here = (1 - rate) * here + rate * np.append(0.0, here[:-1])
    return ever, requests + float(here.sum()) * len(stop)


def _nats(rate: float, baseline: float) -> float:
    return float(divergence(rate, np.array(baseline)))


def main() -> None:
    """One row per baseline rate and prior; errors 2, 5, 10 and 50 times worse, at most 90 %."""
    report = Report("judge_floor", 0)
    for baseline, requests, bad in ((0.01, 7000, 150), (0.05, 1500, 300)):
        reported = np.array([min(0.9, baseline * ratio) for ratio in (2, 5, 10, 50)])
        hazards = np.exp(np.linspace(math.log(1.4), math.log(60), 12))
        even = -np.expm1(hazards * math.log1p(-baseline))
        for prior, canary in (("the four reported", reported), ("even, 1.4 to 60", even)):
            stop = Problem(baseline, canary, requests, bad).best()
            ratios = [
                followed(stop, float(rate))[1] * _nats(float(rate), baseline) / math.log(1 / ALPHA)
                for rate in reported
            ]
            report.add(
                baseline=baseline,
                prior=prior,
                false_alarms=followed(stop, baseline)[0],
                x_2=ratios[0],
                x_5=ratios[1],
                x_10=ratios[2],
                x_50=ratios[3],
                mean=float(np.mean(ratios)),
            )
    for prior in ("the four reported", "even, 1.4 to 60"):
        means = [row["mean"] for row in report.rows if row["prior"] == prior]
        report.summary[f"mean, prior {prior}"] = float(np.mean(means))
    report.save()


if __name__ == "__main__":
    main()
