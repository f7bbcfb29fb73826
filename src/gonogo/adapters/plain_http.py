"""Asking a version at its own address: over plain HTTP, without any proxy, following nobody elsewhere."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import httpx2


@cache
def no_certificates() -> ssl.SSLContext:
    """For a client of plain HTTP, which never uses it: reading all certificates takes longer than asking."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@asynccontextmanager
async def answer_to_get(url: str, timeout_seconds: float) -> AsyncIterator[httpx2.Response]:
    """The answer, whose body is still to be read; all of it, reading too, is done within the time.

    Raises TimeoutError, httpx2.ConnectError where nothing listens, and any other httpx2.HTTPError or
    httpx2.InvalidURL.
    """
    trusted = no_certificates()  # before the time begins to run
    async with (
        asyncio.timeout(timeout_seconds),
        httpx2.AsyncClient(trust_env=False, verify=trusted, timeout=None) as client,
        client.stream("GET", url) as answer,
    ):
        yield answer
