"""Talking to a desk: the one that runs over this folder, or the one that GONOGO_URL names."""

import contextlib
import fcntl
import json
import time
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from gonogo.cli.access import Access, read_access
from gonogo.domain.errors import (
    Conflict,
    GonogoError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
)

_KINDS: dict[int, type[GonogoError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    413: InvalidInput,
    422: InvalidInput,
    429: Unavailable,
    503: Unavailable,
}
_START = "start it: `gonogo serve` (in another terminal, or in the background)"


_LOOK_AT_URL = "is GONOGO_URL right, and does that desk run?"
_PAGE = 200
EVERYTHING = 1_000_000
"""More items than a list has."""

_TRIES = 3
_PAUSE_SECONDS = 0.3
_LONGEST_PATIENCE = 20.0
"""Seconds that are waited, all together, where the desk asks for it."""

_READING_SECONDS = 600.0
"""How long the desk may take to read a large report."""


class DeskClient:
    """The API of one desk. Raises the same errors as the use cases behind it.

    Without `access` the environment says which desk, and as whom; see gonogo.cli.access.
    """

    def __init__(self, home: Path, access: Access | None = None) -> None:
        access = read_access() if access is None else access
        self._home = home if access.url is None else None
        self._hint = _START if access.url is None else _LOOK_AT_URL
        self._url = _address(home) if access.url is None else access.url
        token = _owner_token(home) if access.token is None else access.token
        self._http = httpx2.Client(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(40.0, connect=2.0 if access.url is None else 10.0),
            trust_env=False,
        )

    @property
    def url(self) -> str:
        """Where the desk's pages are."""
        return self._url

    def get(self, path: str, **query: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON answer."""
        return self._answer("GET", path, params={k: v for k, v in query.items() if v is not None})

    def listed(self, path: str, most: int, **query: Any) -> list[Any]:  # noqa: ANN401
        """The first `most` items of a list, page by page."""
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < most:
            limit = min(most - len(found), _PAGE)
            page = self.get(path, **query, limit=limit, cursor=cursor)
            found += page["items"]
            cursor = page["next"]
            if cursor is None:
                break
        return found

    def text(self, path: str) -> str:
        """An answer that is a page."""
        response = self._send("GET", path)
        return response.text

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """A JSON answer to a JSON body."""
        return self._answer("POST", path, json=body or {})

    def patch(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401
        """A JSON answer to a JSON body."""
        return self._answer("PATCH", path, json=body)

    def delete(self, path: str) -> Any:  # noqa: ANN401
        """A JSON answer."""
        return self._answer("DELETE", path)

    def send(self, path: str, file: BinaryIO, **query: Any) -> Any:  # noqa: ANN401
        """A JSON answer to a file's bytes, which are read from its start and sent in pieces."""
        file.seek(0)
        given = {key: value for key, value in query.items() if value is not None}
        timeout = httpx2.Timeout(40.0, read=_READING_SECONDS)
        return self._answer("POST", path, params=given, content=file, timeout=timeout)

    def _answer(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401
        return self._send(method, path, **options).json()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        headers = {} if method == "GET" else {"Idempotency-Key": uuid.uuid4().hex}
        response = self._asked(method, f"/api/v1{path}", headers=headers, **options)
        if response.is_success:
            return response
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        title = str(problem.get("title") or f"the desk answered {response.status_code}")
        kind = _KINDS.get(response.status_code, GonogoError)
        raise kind(title, hint=problem.get("hint"))

    def _asked(self, method: str, url: str, **options: Any) -> httpx2.Response:  # noqa: ANN401
        """An answer; asked for again where the connection broke or the desk said when to.

        A change carries the same key each time, so that it is made once however often it is asked for.
        """
        patience = _LONGEST_PATIENCE
        file = options.get("content")
        for left in reversed(range(_TRIES)):
            try:
                response = self._http.request(method, url, **options)
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
                if not left:
                    raise self._silent(error) from error
                wait = _PAUSE_SECONDS
            except httpx2.TransportError as error:
                if not left or not self._moved():
                    raise self._silent(error) from error
                wait = 0.0
            else:
                wait = _asked_to_wait(response)
                if not left or not 0 < wait <= patience:
                    return response
                patience -= wait
            time.sleep(wait)
            if file is not None:
                file.seek(0)
        raise AssertionError("the last try answers or raises")

    def _moved(self) -> bool:
        """Whether another desk over the same folder is there to be asked, or this one somewhere else."""
        try:
            url = self._url if self._home is None else _address(self._home)
        except Unavailable:
            return False
        moved, self._url = url != self._url, url
        self._http.base_url = url
        return moved

    def _silent(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"the desk at {self._url} does not answer ({type(error).__name__})", hint=self._hint
        )


def _asked_to_wait(response: httpx2.Response) -> float:
    """Seconds after which the desk wants to be asked again; 0: it does not, or not for this."""
    after = response.headers.get("retry-after", "")
    return float(after) if response.status_code in {409, 429} and after.isdecimal() else 0.0


def _address(home: Path) -> str:
    """Where the desk over this folder listens. Raises Unavailable when none runs."""
    for lock in sorted(home.glob("desk*.lock")):  # several desks may share a folder and a database
        # What a killed desk left behind names a port that may be anybody's by now.
        if _held(lock):
            with contextlib.suppress(OSError, ValueError, KeyError):
                return str(json.loads(lock.with_suffix(".json").read_text())["url"])
    raise Unavailable(f"no desk is running here ({home})", hint=_START)


def _owner_token(home: Path) -> str:
    try:
        return (home / "token").read_text().strip()
    except OSError as error:
        raise Unavailable(f"no desk is running here ({home})", hint=_START) from error


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
