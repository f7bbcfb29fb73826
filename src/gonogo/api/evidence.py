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

from gonogo.domain.actor import Actor
from gonogo.domain.errors import InvalidInput
from gonogo.usecases import evidence
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow

_PIECE = 1 << 20
_Text = Annotated[str, Query(min_length=1, max_length=1000)]


def add_evidence(application: FastAPI, context: Context, actor: Any, looking: Any) -> None:  # noqa: ANN401
    """Add the endpoints; `actor` gives who asks, `looking` who asks and may read."""
    turn = asyncio.Lock()

    @application.post("/api/v1/services/{service}/evidence")
    async def push(
        request: Request,
        service: str,
        name: _Text,
        version: _Text | None = None,
        commit: _Text | None = None,
        at: AwareDatetime | None = None,
        job: Annotated[str, Query(max_length=1000)] = "",
        check: bool = False,
        who: Actor = actor,
    ) -> list[dict[str, Any]]:
        allow(who, Deed.SUPPLY_EVIDENCE)
        claims = evidence.Claims(version=version, commit=commit, at=at, job=job)
        async with _received(request, name) as file, turn:
            pushed = await evidence.push_evidence(
                context,
                who,
                service=service,
                reports=[evidence.Report(name, file)],
                claims=claims,
                check_only=check,
            )
        return evidence.pushed_view(pushed)

    @application.get("/api/v1/services/{service}/evidence")
    async def listing(
        service: str, version: _Text | None = None, who: Actor = looking
    ) -> list[dict[str, Any]]:
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
