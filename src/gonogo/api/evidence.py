"""Evidence: reports that are sent to the desk, and what was filed.

A report comes as the body of a request, in pieces, into a file without a name: the desk keeps none of
it but what its reader understood. It is read in a thread of its own, one report at a time, so that
judging goes on beside it.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from typing import Annotated, Any, BinaryIO

from fastapi import FastAPI, HTTPException, Query, Request
from pydantic import AwareDatetime
from starlette.requests import ClientDisconnect

from gonogo.api.answers.papers import ListedEvidence, PushedEvidence
from gonogo.api.visitors import Visitors
from gonogo.domain.actor import Actor
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.context import Context
from gonogo.usecases.papers import evidence
from gonogo.usecases.permissions import Deed, allow

_PIECE = 1 << 20
_Text = Annotated[str, Query(min_length=1, max_length=1000)]


def size_allowed(path: str) -> int | None:
    """How large a body sent to this path may be; None: as large as any other."""
    return evidence.LARGEST + _PIECE if path.endswith("/evidence") else None


def add_evidence(
    application: FastAPI,
    context: Context,
    visitors: Visitors,
    actor: Any,  # noqa: ANN401
    looking: Any,  # noqa: ANN401
) -> None:
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    turn = asyncio.Lock()

    @application.post(
        "/api/v1/services/{service}/evidence",
        response_model=list[PushedEvidence],
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
                },
            }
        },
    )
    async def push_evidence(
        request: Request,
        service: str,
        name: _Text,
        version: _Text | None = None,
        commit: _Text | None = None,
        at: AwareDatetime | None = None,
        job: Annotated[str, Query(max_length=1000)] = "",
        check: bool = False,
        who: Actor = actor,
    ) -> Any:  # noqa: ANN401
        """A report as it was made (the body), read and filed. With `check` it is only read. `commit`,
        `at` and `job` are the supplier's word, where the report says nothing itself."""
        allow(who, Deed.SUPPLY_EVIDENCE)
        claims = evidence.Claims(version=version, commit=commit, at=at, job=job)
        async with _received(request, name) as file, turn:
            # It may have taken minutes: who has left meanwhile files nothing.
            who = await visitors.again(request)
            allow(who, Deed.SUPPLY_EVIDENCE)
            pushed = await evidence.push_evidence(
                context,
                who,
                service=service,
                reports=[evidence.Report(name, file)],
                claims=claims,
                check_only=check,
            )
        return evidence.pushed_view(pushed)

    @application.get("/api/v1/services/{service}/evidence", response_model=list[ListedEvidence])
    async def list_evidence(
        service: str, version: _Text | None = None, who: Actor = looking
    ) -> Any:  # noqa: ANN401
        """What was filed about a version and about its service as a whole, the oldest first."""
        return await evidence.list_evidence(context, who, service=service, version=version)


@contextlib.asynccontextmanager
async def _received(request: Request, name: str) -> AsyncIterator[BinaryIO]:
    """The body as a file, gone afterwards. Raises HTTPException 413 as soon as it is too large."""
    promised = request.headers.get("content-length", "")
    if promised.isdecimal():
        _not_too_large(int(promised), name)
    with tempfile.TemporaryFile() as file:
        piece, size = bytearray(), 0
        try:
            async for block in request.stream():
                size += len(block)
                _not_too_large(size, name)
                piece += block
                if len(piece) >= _PIECE:
                    await asyncio.to_thread(file.write, bytes(piece))
                    piece.clear()
        except ClientDisconnect as error:
            raise InvalidInput(f"{name[:80]!r} was not sent to its end") from error
        await asyncio.to_thread(file.write, bytes(piece))
        file.seek(0)
        yield file


def _not_too_large(size: int, name: str) -> None:
    if size > evidence.LARGEST:
        limit = evidence.LARGEST / (1 << 20)
        raise HTTPException(
            413, f"{name[:80]!r} is larger than {limit:g} MiB, the most that is read"
        )
