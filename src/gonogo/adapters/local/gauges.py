"""Gauges of an instance: from what it answers itself, and from its processes on this machine.

Its address is asked directly, past the router, so that no customer is counted. Whatever is asked for is
bounded in time and size, and read outside the event loop: a large answer must not delay a stop.
"""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import httpx2

from gonogo.adapters.plain_http import answer_to_get
from gonogo.domain.errors import Unavailable
from gonogo.domain.gauge import Gauge, JsonNumber, Metric, Reading
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Json
from gonogo.ports.clock import Clock

TIMEOUT_SECONDS = 2.0
MOST_BYTES = 4_000_000
_MOST_SERIES = 10_000

ResidentBytes = Callable[[str], Awaitable[int | None]]
"""Memory of all that runs of the instance with this id; None when nothing does."""

_Found = tuple[float, datetime | None]  # a value, and when it was true where the answer says so


class InstanceGauges:
    """Reads JSON, Prometheus text and resident memory of instances, each asked at its own address."""

    def __init__(
        self,
        clock: Clock,
        resident_bytes: ResidentBytes,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._clock = clock
        self._resident_bytes = resident_bytes
        self._timeout_seconds = timeout_seconds

    async def read(self, instance: Instance, gauge: Gauge) -> Reading:
        """The value now; an answer that carries its own time is as old as it says."""
        value, at = await self._value(instance, gauge)
        if not math.isfinite(value):
            raise Unavailable(f"its value is {value}, which is no finite number")
        now = self._clock.now()
        return Reading(gauge.name, now if at is None else min(at, now), value)

    async def _value(self, instance: Instance, gauge: Gauge) -> _Found:
        origin = gauge.origin
        if isinstance(origin, JsonNumber):
            body, url = await self._get(instance, origin.path)
            return await asyncio.to_thread(_json_number, body, origin.pointer, url), None
        if isinstance(origin, Metric):
            body, url = await self._get(instance, origin.path)
            return await asyncio.to_thread(_series_value, body, origin, url)
        found = await self._resident_bytes(instance.id)
        if found is None:
            raise Unavailable("no process of this instance runs")
        return float(found), None

    async def _get(self, instance: Instance, path: str) -> tuple[bytes, str]:
        url = f"http://{instance.address}{path}"
        try:
            async with answer_to_get(url, self._timeout_seconds) as answer:
                if not 200 <= answer.status_code < 300:
                    raise Unavailable(f"GET {url} answered {answer.status_code}, expected 2xx")
                body = bytearray()
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise Unavailable(f"GET {url} answered more than {MOST_BYTES:,} bytes")
                return bytes(body), url
        except TimeoutError as error:
            said = f"GET {url} gave no whole answer within {self._timeout_seconds:g} s"
            raise Unavailable(said) from error
        except httpx2.ConnectError as error:
            raise Unavailable(f"nothing listens on {instance.address}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unavailable(f"GET {url} failed: {error or type(error).__name__}") from error


def _json_number(body: bytes, pointer: str, url: str) -> float:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unavailable(f"GET {url} did not answer JSON") from error
    for step in pointer.split("/")[1:]:
        found = _member(found, step.replace("~1", "/").replace("~0", "~"), f"{pointer} of {url}")
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Unavailable(f"{pointer} of {url} is {_kind(found)}, not a number")
    try:
        return float(found)
    except OverflowError as error:
        raise Unavailable(f"{pointer} of {url} is too large a number") from error


def _member(found: Json, step: str, where: str) -> Json:
    if isinstance(found, dict) and step in found:
        return found[step]
    if isinstance(found, list) and step.isascii() and step.isdecimal() and int(step) < len(found):
        return found[int(step)]
    raise Unavailable(f"there is no {where}")


def _kind(found: Json) -> str:
    kinds = {bool: "true or false", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(found), "null")


def _series_value(body: bytes, origin: Metric, url: str) -> _Found:
    """The value of the one series with this name and these labels."""
    from prometheus_client.parser import text_string_to_metric_families

    # Only lines of this name are parsed: an exposition may hold tens of thousands of others.
    lines = [line for line in body.decode("utf-8", "replace").split("\n") if _is_of(line, origin)]
    if len(lines) > _MOST_SERIES:
        raise Unavailable(f"GET {url} has more than {_MOST_SERIES:,} series of {origin.name}")
    wanted = dict(origin.labels).items()
    try:
        found = [
            sample
            for family in text_string_to_metric_families("\n".join(lines) + "\n")
            for sample in family.samples
            if sample.name == origin.name and wanted <= sample.labels.items()
        ]
    except (ValueError, KeyError, IndexError) as error:  # what the parser raises on bad text
        raise Unavailable(f"GET {url} has a line of {origin.name} that cannot be read") from error
    if not found:
        raise Unavailable(f"GET {url} has no series {origin.selector}")
    if len(found) > 1:
        raise Unavailable(
            f"GET {url} has {len(found)} series {origin.selector}, and one is needed; give more labels"
        )
    at = found[0].timestamp
    return float(found[0].value), None if at is None else _moment(float(at), url)


def _is_of(line: str, origin: Metric) -> bool:
    """Whether it is a sample of this very name."""
    return line.startswith(origin.name) and line[len(origin.name) : len(origin.name) + 1] in {
        *("{", " ", "\t"),
    }


def _moment(seconds: float, url: str) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unavailable(f"GET {url} has a time that cannot be") from error
