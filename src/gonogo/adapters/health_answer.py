"""Asking a version for its health, wherever it runs.

Every ground asks alike: only an answer of 2xx within the time counts, redirects are not followed, and
what stands in the way is told in one sentence.
"""

import httpx2

from gonogo.adapters.plain_http import answer_to_get

TIMEOUT_SECONDS = 2.0


class HealthAnswer:
    """Asks over plain HTTP at an address, without any proxy."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds

    async def trouble(self, address: str, path: str) -> str | None:
        """None when `path` at `address` (host:port) answers 2xx, else one sentence on what is wrong."""
        url = f"http://{address}{path}"
        try:
            async with answer_to_get(url, self._timeout_seconds) as answer:
                code = answer.status_code
        except TimeoutError:
            return f"GET {url} gave no answer within {self._timeout_seconds:g} s"
        except httpx2.ConnectError:
            return f"nothing listens on {address} yet"
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return f"GET {url} failed: {error or type(error).__name__}"
        return None if 200 <= code < 300 else f"GET {url} answered {code}, expected 2xx"
