"""Asking a Prometheus for raw samples. Whatever is not a whole, plain answer is Unavailable.

A range selector in an instant query (`counter[90s]`) gives the samples as they were scraped, with
their own times. `query_range` and functions such as `increase` interpolate, so they are not used.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gonogo.domain.errors import Unavailable

if TYPE_CHECKING:
    import httpx2

ANSWER_WITHIN = 5.0
MOST_BYTES = 32 << 20
MOST_SERIES = 10_000
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its labels and (seconds since 1970, value), times rising."""

    labels: Mapping[str, str]
    samples: tuple[tuple[float, float], ...]


class Client:
    """One Prometheus server over HTTP. Use inside `async with`."""

    def __init__(self, url: str, within: float = ANSWER_WITHIN) -> None:
        self.url = url.rstrip("/")
        self._within = within
        self._http: httpx2.AsyncClient | None = None

    async def __aenter__(self) -> "Client":
        import httpx2

        self._http = httpx2.AsyncClient(timeout=self._within, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def samples(self, selector: str, seconds: float, at: float | None) -> list[Series]:
        """Every sample of the last `seconds` before `at` (seconds since 1970; None: the server's now).

        Raises Unavailable with one sentence: not reached, no answer in time, an error, not JSON,
        incomplete, or too much of it.
        """
        form = {"query": f"{selector}[{max(1, math.ceil(seconds))}s]"}
        if at is not None:
            form["time"] = f"{at:.3f}"
        return _series(self.url, await self._ask(form))

    async def _ask(self, form: Mapping[str, str]) -> Any:  # noqa: ANN401
        import asyncio

        import httpx2

        if self._http is None:
            raise RuntimeError("a client is used inside `async with`")
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._within),
                self._http.stream("POST", f"{self.url}/api/v1/query", data=form) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise Unavailable(
                            f"Prometheus at {self.url} answered with more than {MOST_BYTES >> 20} MB",
                            hint="select fewer series",
                        )
        except (TimeoutError, httpx2.TimeoutException):
            raise Unavailable(
                f"Prometheus at {self.url} did not answer within {self._within:g} s"
            ) from None
        except httpx2.HTTPError as error:
            raise Unavailable(
                f"Prometheus at {self.url} cannot be reached: {error or type(error).__name__}"
            ) from None
        return self._read(answer.status_code, answer.headers.get("content-type", ""), bytes(body))

    def _read(self, status: int, kind: str, body: bytes) -> Any:  # noqa: ANN401
        try:
            found = json.loads(body)
        except ValueError:
            raise Unavailable(
                f"Prometheus at {self.url} answered {status} with"
                f" {kind.split(';', maxsplit=1)[0] or 'something'} that is not JSON",
                hint="is this the address of Prometheus itself, without a sign-in page before it?",
            ) from None
        if not isinstance(found, dict) or "status" not in found:
            raise Unavailable(
                f"Prometheus at {self.url} answered {status} with JSON that is no answer of Prometheus"
            )
        if found["status"] != "success" or status != 200:
            why = f"{found.get('errorType', status)}: {found.get('error', 'no reason given')}"
            raise Unavailable(f"Prometheus at {self.url} refused the query: {why[:_SHOWN]}")
        if found.get("warnings"):
            raise Unavailable(
                f"Prometheus at {self.url} says its answer is not whole:"
                f" {str(found['warnings'])[:_SHOWN]}"
            )
        return found.get("data")


def _series(url: str, data: Any) -> list[Series]:  # noqa: ANN401
    try:
        found = [_one(row) for row in data["result"]]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Unavailable(
            f"Prometheus at {url} gave no samples of counters: {str(error)[:_SHOWN]}"
        ) from None
    if len(found) > MOST_SERIES:
        raise Unavailable(
            f"Prometheus at {url} has {len(found):,} series for one selector, more than {MOST_SERIES:,}",
            hint="select the service alone",
        )
    return found


def _one(row: Any) -> Series:  # noqa: ANN401
    labels = {str(name): str(value) for name, value in row["metric"].items()}
    samples = tuple((float(at), float(value)) for at, value in row["values"])
    if any(not math.isfinite(value) or value < 0 for _, value in samples):
        raise ValueError(f"{labels.get('__name__', 'a series')} has a value that no counter has")
    return Series(labels, tuple(sorted(samples)))
