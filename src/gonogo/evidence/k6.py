"""k6's summary at the end of a test: `--summary-export`, or the data that handleSummary is given.

k6 counts a failed request as a "pass" of the rate `http_req_failed`: the rate's events are failures.
"""

import math
from typing import BinaryIO

from gonogo.domain.facts import LoadFacts
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document


def recognises(beginning: Beginning) -> bool:
    """An object with metrics, and with groups or metrics that only k6 has."""
    found = outline(beginning)
    if found is None or found.is_list or "metrics" not in found.keys:
        return False
    own = (b'"http_reqs"', b'"http_req_duration"', b'"iteration_duration"', b'"vus"')
    return "root_group" in found.keys or any(mark in beginning.head for mark in own)


def read(file: BinaryIO, name: str) -> Reading:
    """Counts and times. Raises InvalidInput."""
    document = read_document(file, name)
    metrics = document.need("metrics")
    requests = _values(metrics.need("http_reqs"))
    failures = _values(metrics.need("http_req_failed"))
    durations = _values(metrics.need("http_req_duration"))
    users = metrics.find("vus")
    total, failed = requests.need("count").count(), failures.need("passes").count()
    if not total:
        raise requests.unfit("tells of no request")
    if failed > total:
        raise failures.unfit(f"tells of more failures ({failed}) than requests ({total})")
    return Reading(
        (
            LoadFacts(
                tool="k6",
                requests=total,
                failures=failed,
                seconds=_seconds(document, requests),
                p50_ms=_first(durations, "med", "p(50)"),
                p95_ms=_first(durations, "p(95)"),
                p99_ms=_first(durations, "p(99)"),
                concurrency=_values(users).need("max").count() if users is not None else None,
            ),
        )
    )


def _values(metric: Node) -> Node:
    """A metric's numbers: under `values` for handleSummary, else its own."""
    return metric.find("values") or metric


def _seconds(document: Node, requests: Node) -> float | None:
    """How long the test ran; k6's rate is the count over that time."""
    state = document.find("state")
    said = state.find("testRunDurationMs") if state is not None else None
    if said is not None:
        return said.amount() / 1000
    rate = requests.find("rate")
    if rate is None or not rate.amount():
        return None
    seconds = requests.need("count").count() / rate.amount()
    if not math.isfinite(seconds):
        raise rate.unfit(f"is {rate.amount():g}, which is no rate of requests")
    return seconds


def _first(durations: Node, *keys: str) -> float | None:
    found = next((value for key in keys if (value := durations.find(key)) is not None), None)
    return found.amount() if found is not None else None


K6 = Format("k6", recognises, read)
