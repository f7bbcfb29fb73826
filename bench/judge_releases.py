"""How many of 20,000 good releases are stopped when they are looked at after every single request.

Three KPIs with a limit of 5 % and a ratio of 1 each: both arms are equally good, which is as bad as a
ratio of 1 allows. Weights 5 → 25 → 50 %, 100,000 canary requests. The common error rate of a comparison
swings by the hour between 0.1 and 0.9 % and is hit by shocks of up to 40 %. For the limits the canary
fails exactly 5 % of its requests, the hardest that is still good.

"bursts, guard on": every one of these bad requests begins a burst of one customer (10 tries on average,
a second apart, so ten times as many bad requests in all), and what is judged is what `domain.repeats`
leaves of it: the first, and one more for every minute that a burst lasts. Sticky: those fall on the
first one's arm; else each is balanced anew. bench/judge_bursts.py judges whole bursts, customer by
customer, through the product's own code.

    PYTHONPATH=src python bench/judge_releases.py                  # 20,000 releases: an hour or so
    PYTHONPATH=src python bench/judge_releases.py --releases 500   # less sure
"""

import argparse

import numpy as np

from gonogo.judge.plan import RETRIES
from judge_runs import RESULTS, Report
from judge_sparse import Integers, SparseAbsolute, SparseRelative, bad_ones, blocks_of

SEED = 20260311
KPIS = 3
STEPS = (0.05, 0.25, 0.5)
LIMIT = 0.05
TOGETHER = 2000  # releases side by side; more do not fit the processor's cache
WAYS = {
    "plain": "independent",
    "sticky": "bursts, sticky, guard on",
    "spread": "bursts, balanced anew, guard on",
}
TRIES, APART, WINDOW = 10, 1.0, 60.0  # mean tries of a burst, seconds between them, once in


def counted_again(rng: np.random.Generator, bursts: int) -> int:
    """How many further counts so many bursts have, one for every whole window that a burst lasts."""
    tries = rng.geometric(1 / TRIES, bursts) - 1
    lasts = rng.gamma(np.maximum(tries, 1e-9), APART)
    return int((lasts // WINDOW).sum())


def rates(rng: np.random.Generator, requests: int) -> np.ndarray:
    """The common share of bad requests, request by request."""
    moments = (
        np.arange(requests) // 500 * 500
    )  # it swings in steps, so that few blocks have two rates
    found = 0.005 * (1 + 0.8 * np.sin(moments / requests * 24 * np.pi))
    for start in rng.integers(0, requests, 12):
        found[start : start + int(rng.integers(50, 2000))] += float(rng.choice((0.02, 0.1, 0.4)))
    return np.minimum(found, 0.9)


def comparison(
    rng: np.random.Generator, releases: int, canary_requests: int, limit: float, way: str
) -> np.ndarray:
    """Which releases one comparison stops."""
    runs = SparseRelative(1.0, releases, limit)
    for number, share in enumerate(STEPS):
        if number:
            runs.next_step()
        requests = round(canary_requests / len(STEPS) / share)
        canary = rng.random(requests) < share
        rate = rates(rng, requests)
        start = 0
        for end in blocks_of(canary).tolist():
            mine = canary[start:end]
            bad: list[list[Integers]] = [[], []]
            for value in np.unique(rate[start:end]):
                here = rate[start:end] == value
                for arm, number_of in enumerate(((here & ~mine).sum(), (here & mine).sum())):
                    bad[arm].append(bad_ones(rng, releases, int(number_of), float(value)))
            both = [np.concatenate(found) for found in bad]
            if way != "plain":
                both = _again(rng, both, share, sticky=way == "sticky")
            runs.block(int((~mine).sum()), int(mine.sum()), *both)
            start = end
    return np.asarray(runs.peak >= limit)


def _again(
    rng: np.random.Generator, both: list[Integers], share: float, *, sticky: bool
) -> list[Integers]:
    """The same with the bursts that last long enough counted once more."""
    more: list[list[int]] = [[], []]
    for arm, found in enumerate(both):
        for _ in range(counted_again(rng, len(found))):
            there = arm if sticky else int(rng.random() < share)
            more[there].append(int(rng.choice(found)))
    return [
        np.concatenate((found, np.array(extra, dtype=np.int64)))
        for found, extra in zip(both, more, strict=True)
    ]


def against_limit(
    rng: np.random.Generator, releases: int, canary_requests: int, limit: float, way: str
) -> np.ndarray:
    """Which releases one test against the limit stops."""
    runs = SparseAbsolute(LIMIT, releases, limit)
    for number in range(len(STEPS)):
        if number:
            runs.next_step()
        late: Integers = np.zeros(0, dtype=np.int64)
        for _ in range(canary_requests // len(STEPS)):
            bad = bad_ones(rng, releases, 1, LIMIT)
            if way != "plain":
                more = counted_again(rng, len(bad))
                bad, late = np.union1d(bad, late), rng.choice(bad, more, replace=False)
            runs.request(bad)
    return np.asarray(runs.peak >= limit)


def main() -> None:
    """One row per way in which requests are bad."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--out", default=str(RESULTS / "judge_releases.json"))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    given = parser.parse_args()
    report = Report("judge_releases", SEED)
    report.summary = {"allowed on the first attempt": f"{0.01 * RETRIES:.4f}"}
    limit = 2 * KPIS / (0.01 * RETRIES)
    for way in given.ways:
        stops: list[tuple[bool, bool]] = []
        for part in range(-(-given.releases // TOGETHER)):
            releases = min(TOGETHER, given.releases - len(stops))
            rng = np.random.default_rng([SEED, part])
            ratio, absolute = np.zeros((2, releases), dtype=bool)
            for _ in range(KPIS):
                ratio |= comparison(rng, releases, given.requests, limit, way)
                absolute |= against_limit(rng, releases, given.requests, limit, way)
            stops += zip(ratio.tolist(), absolute.tolist(), strict=True)
            report.rows = [row for row in report.rows if row["bad_requests"] != WAYS[way]]
            report.add(
                bad_requests=WAYS[way],
                releases=len(stops),
                canary_requests=given.requests,
                stopped=float(np.mean([any(each) for each in stops])),
                by_ratio=float(np.mean([each[0] for each in stops])),
                by_limit=float(np.mean([each[1] for each in stops])),
            )
            report.save(given.out)  # as it goes: what is there after an hour is worth having


if __name__ == "__main__":
    main()
