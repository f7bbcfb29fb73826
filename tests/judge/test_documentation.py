"""docs/judge.md says what was measured."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "judge.md").read_text(encoding="utf-8")


def results(name: str) -> dict[str, object]:
    return json.loads((ROOT / "bench" / "results" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("row", "key", "digits"),
    [
        ("mean ratio to the bound, all 64", "mean ratio to the bound, 64 cases", 2),
        (
            "mean ratio where the bound is ≥ 10 requests",
            "mean ratio to the bound, bound >= 10 requests",
            2,
        ),
        ("worst ratio where the bound is ≥ 10 requests", "worst ratio, bound >= 10 requests", 2),
        (
            "most requests over it where the bound is smaller",
            "most requests over the bound, bound < 10",
            1,
        ),
        ("an oracle that knows both rates", "mean ratio of the oracle, 64 cases", 2),
        ("fault after 10,000 good requests, mean", "late 10000: mean ratio", 1),
        ("fault after 100,000 good requests, mean", "late 100000: mean ratio", 1),
    ],
)
def test_the_distance_to_the_limit_is_the_measured_one(row, key, digits):
    assert f"| {row} | {results('judge_limit')['summary'][key]:.{digits}f} |" in PAGE


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        ("always fails", "always fails"),
        ("always fails, ratios only", "always, ratios only"),
        ("fails 9 of 10", "90 % fail"),
        ("fails every second", "50 % fail"),
        ("fails every fifth", "20 % fail"),
        ("always fails after 10,000 good canary requests", "always, after 10,000"),
    ],
)
def test_the_cost_of_an_outage_is_the_measured_one(row, situation):
    rows = results("judge_outage")["rows"]
    found = next(item for item in rows if item["situation"] == situation)
    mean = f"{found['mean']:.1f}" if found["mean"] < 20 else f"{found['mean']:.0f}"
    assert f"| {row} | {mean.removesuffix('.0')} | {found['p95']} |" in PAGE


@pytest.mark.parametrize(
    ("row", "situation"),
    [
        ("ten tries, each balanced anew", "spread"),
        ("ten tries, sticky sessions", "sticky"),
        ("ten of 2,000 customers always fail, sticky", "sick"),
    ],
)
def test_what_bursts_do_to_good_releases_is_what_was_measured(row, situation):
    found = [each for each in results("judge_bursts")["rows"] if each.get("bad") == situation]
    shares = " | ".join(f"{100 * each['stopped']:.0f} %" for each in found)
    assert f"| {row} | {shares} |" in PAGE
