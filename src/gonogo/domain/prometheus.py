"""Where a Prometheus has the counts of a KPI, and what makes a selector of raw counters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

_LABEL = r"\s*[a-zA-Z_]\w*\s*(?:=~|!~|!=|=)\s*(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')\s*"
_SELECTOR = re.compile(
    rf"\s*(?:[a-zA-Z_:][\w:]*\s*(?:\{{(?:{_LABEL}(?:,{_LABEL})*,?)?\s*\}})?|\{{{_LABEL}(?:,{_LABEL})*,?\s*\}})\s*"
)
LABEL_NAME = re.compile(r"[a-zA-Z_]\w*")


def unfit_selector(text: str) -> str | None:
    """Why this cannot select raw counters, as the rest of a sentence; None when it can."""
    if _SELECTOR.fullmatch(text):
        return None
    if "(" in text or "[" in text:
        return (
            "is an expression; give the counter itself, as in"
            ' http_requests_total{job="shop"}: rate() and increase() only estimate counts'
        )
    return 'is no selector, as in http_requests_total{job="shop",status=~"5.."}'


@dataclass(frozen=True, slots=True)
class CounterPair:
    """Selectors of the counter of all requests and of the bad ones among them."""

    total: str
    bad: str


@dataclass(frozen=True, slots=True)
class Buckets:
    """Selector of a histogram's buckets (with the label `le`); slow is what is above a bound."""

    selector: str


@dataclass(frozen=True, slots=True)
class PrometheusCounts:
    """A Prometheus and the counts it has.

    `counts` maps a KPI's name to its selectors. `arm` is the label whose value tells the versions
    apart; in a rollout its values are the instances' `host:port`. Series of one instance that differ
    only in labels of `summed` are added up. Asked `every` so often; what is older than `stale` is no
    answer, and a hole longer than that between two samples is a gap.
    """

    url: str
    counts: Mapping[str, CounterPair | Buckets] = field(default_factory=dict)
    arm: str = "instance"
    summed: tuple[str, ...] = ()
    every: timedelta = timedelta(seconds=5)
    stale: timedelta = timedelta(minutes=3)
