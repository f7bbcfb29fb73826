"""ETags: reading again what has not changed costs nothing, and nobody replaces what they have not seen."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from json import dumps
from typing import Any

from fastapi import HTTPException, Request, Response

from gonogo import __version__

_EVERYTHING = "*"


def etag_of(*parts: object) -> str:
    """A strong ETag of what these parts tell apart; another version of the desk gives another one."""
    text = dumps([__version__, *parts], default=str, sort_keys=True)
    return f'"{sha256(text.encode()).hexdigest()[:24]}"'


def unchanged(request: Request, etag: str) -> Response | None:
    """The answer 304 when the asker has this already, else None."""
    given = request.headers.get("if-none-match")
    if given is None:
        return None
    known = {each.removeprefix("W/") for each in _listed(given)}
    if etag in known or _EVERYTHING in known:
        return Response(status_code=304, headers={"ETag": etag})
    return None


def must_match(request: Request, etag: str | None) -> None:
    """Raises HTTPException 412 when the asker has seen another state. `etag` None: there is nothing.

    Without If-Match nothing is asked for.
    """
    given = request.headers.get("if-match")
    if given is None:
        return
    known = set(_listed(given))
    if etag is None or (etag not in known and _EVERYTHING not in known):
        headers = {} if etag is None else {"ETag": etag}
        raise HTTPException(
            412, "it was changed since you read it; read it again and decide anew", headers=headers
        )


def tagged(request: Request, response: Response, view: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The view with an ETag of all it says, or the answer 304."""
    etag = etag_of(view)
    response.headers["ETag"] = etag
    return unchanged(request, etag) or view


def _listed(value: str) -> Iterable[str]:
    return (each.strip() for each in value.split(","))
