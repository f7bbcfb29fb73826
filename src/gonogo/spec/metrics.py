"""The shape of `metrics`: where counts come from when not from the router's own log."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from gonogo.domain.prometheus import (
    LABEL_NAME,
    Buckets,
    CounterPair,
    PrometheusCounts,
    unfit_selector,
)
from gonogo.spec.defaults import default_words
from gonogo.spec.part import Part, Problems
from gonogo.spec.scalars import PositiveDuration, from_text
from gonogo.spec.source import Table
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

_URL = r"^https?://[^\s/]+.*$"


def _selector(text: str) -> str:
    problem = unfit_selector(text)
    if problem is not None:
        raise Unfit(f"{quoted(text)} {problem}")
    return text.strip()


def _label(text: str) -> str:
    if LABEL_NAME.fullmatch(text) is None:
        raise Unfit(f"{quoted(text)} is no name of a label; letters, digits and _, no digit first")
    return text


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or any(mark in text for mark in " ?#"):
        raise Unfit(f"{quoted(text)} is no address; write it as in http://127.0.0.1:9090")
    return text.rstrip("/")


_TEXT: Any = {"type": "string", "pattern": r"\S"}
Selector = Annotated[str, from_text(_selector), WithJsonSchema(_TEXT)]
Label = Annotated[str, from_text(_label), WithJsonSchema(_TEXT)]
Url = Annotated[str, from_text(_url), WithJsonSchema({"type": "string", "pattern": _URL})]


class CountsPart(Part):
    """The counters of one KPI or rollback criterion: `total` with `bad`, or `buckets`."""

    total: Selector | None = Field(
        None,
        description="Selects the counter of all its requests, of every instance.",
        examples=['http_requests_total{job="orders"}'],
    )
    bad: Selector | None = Field(
        None,
        description="Selects the bad ones among them.",
        examples=['http_requests_total{job="orders",status=~"5.."}'],
    )
    buckets: Selector | None = Field(
        None,
        description="Selects a histogram's buckets, for slower than T; a bucket must end at T.",
        examples=['http_request_duration_seconds_bucket{job="orders"}'],
    )

    @classmethod
    def examine(cls, table: Table, problems: Problems) -> None:
        """One of the two ways, whole."""
        given = set(table.key_marks)
        if given not in ({"total", "bad"}, {"buckets"}):
            problems.note(table.mark, "give either total and bad, or buckets alone")

    @classmethod
    def adapt_schema(cls, schema: dict[str, Any]) -> None:
        """One of the two ways."""
        schema["oneOf"] = [{"required": ["total", "bad"]}, {"required": ["buckets"]}]

    def read(self) -> CounterPair | Buckets | None:
        """As the domain has it; None where something lacks, which was noted."""
        if self.buckets is not None:
            return Buckets(self.buckets)
        if self.total is None or self.bad is None:
            return None
        return CounterPair(self.total, self.bad)


class PrometheusPart(Part):
    """Counts from a Prometheus."""

    url: Url = Field(description="Its address.", examples=["http://127.0.0.1:9090"])
    arm: Label | None = Field(
        None,
        description="Label whose value is the instance's host:port as the router reaches it. "
        f"Default {PrometheusCounts('').arm}.",
    )
    sum: list[Label] = Field(
        [],
        description="Labels in which counters of one instance may differ; they are added up. "
        "Others that differ are an error.",
        examples=[["method", "status"]],
    )
    every: PositiveDuration | None = Field(
        None, description="How often it is asked." + default_words(PrometheusCounts, "every")
    )
    stale: PositiveDuration | None = Field(
        None,
        description="What is older is no answer, and a longer hole between two samples is a gap."
        + default_words(PrometheusCounts, "stale"),
    )
    counts: dict[str, CountsPart] = Field(
        description="The counters of KPIs and rollback criteria, by their names. "
        "Whatever is not named here is counted by the desk's own router."
    )

    def read(self, called: Mapping[str, str]) -> PrometheusCounts:
        """As the domain has it. `called`: what the judge calls a name of the file, where it differs."""
        given: dict[str, Any] = {"arm": self.arm, "every": self.every, "stale": self.stale}
        counts = {
            called.get(name, name): found
            for name, part in self.counts.items()
            if (found := part.read())
        }
        return PrometheusCounts(
            self.url,
            counts,
            summed=tuple(self.sum),
            **{name: value for name, value in given.items() if value is not None},
        )


class MetricsPart(Part):
    """Where counts come from. Without it from the log of the desk's own router."""

    prometheus: PrometheusPart = Field(description="Counters of a Prometheus.")
