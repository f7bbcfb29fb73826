"""Talking to the desk that runs on this machine."""

import fcntl
import json
from pathlib import Path
from typing import Any

import httpx2

from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotFound, Unavailable

_KINDS: dict[int, type[GonogoError]] = {
    404: NotFound,
    409: Conflict,
    422: InvalidInput,
    503: Unavailable,
}
_START = "start it: `gonogo serve` (in another terminal, or in the background)"


class DeskClient:
    """The API of one desk. Raises the same errors as the use cases behind it."""

    def __init__(self, home: Path) -> None:
        address = home / "desk.json"
        if not _held(home / "desk.lock"):
            # What a killed desk left behind names a port that may be anybody's by now.
            raise Unavailable(f"no desk is running here ({home})", hint=_START)
        try:
            where = json.loads(address.read_text())
            token = (home / "token").read_text().strip()
        except (OSError, ValueError) as error:
            raise Unavailable(f"no desk is running here ({home})", hint=_START) from error
        self._url = str(where["url"])
        self._http = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(40.0, connect=2.0),
            trust_env=False,
        )

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON answer."""
        return self._answer("GET", path, params={k: v for k, v in query.items() if v is not None})

    def text(self, path: str) -> str:
        """An answer that is a page."""
        response = self._send("GET", path)
        return response.text

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """A JSON answer to a JSON body."""
        return self._answer("POST", path, json=body or {})

    def _answer(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401
        return self._send(method, path, **options).json()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        try:
            response = self._http.request(method, f"/api/v1{path}", **options)
        except httpx2.TransportError as error:
            raise Unavailable(
                f"the desk at {self._url} does not answer ({type(error).__name__})", hint=_START
            ) from error
        if response.is_success:
            return response
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        title = str(problem.get("title") or f"the desk answered {response.status_code}")
        kind = _KINDS.get(response.status_code, GonogoError)
        raise kind(title, hint=problem.get("hint"))


def _held(lock: Path) -> bool:
    """Whether a running desk holds its folder's lock."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
