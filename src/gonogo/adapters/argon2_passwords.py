"""Passwords hashed with Argon2id.

The parameters are the second recommendation of RFC 9106 (64 MiB, three passes, four lanes), which is
above the least that OWASP asks for. Each hash holds 64 MiB while it is made and keeps a core busy for
some hundredths of a second, so hashes are made in two threads beside the event loop, and only so many
may wait: whoever comes then is told to come again, instead of waiting for minutes. The library lets
go of the interpreter while it works.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from gonogo.domain.errors import NeedsPerson, Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

_AT_ONCE = 2
_MOST_WAITING = 32


class Argon2Passwords:
    """`gonogo.ports.passwords.PasswordHasher` by argon2-cffi.

    `hasher` is one with other parameters, for tests; without it the library is loaded at first use.
    """

    def __init__(self, hasher: "PasswordHasher | None" = None) -> None:
        self._given = hasher
        self._nobodys: str | None = None
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="gonogo-passwords")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """A new hash in the PHC string format."""
        return await self._run(lambda: self._hasher().hash(password))

    async def matches(self, hash_: str | None, password: str) -> bool:
        """Whether it is the password; without a hash, one that nobody's password fits is tried."""
        return await self._run(lambda: self._verify(hash_, password))

    def outdated(self, hash_: str) -> bool:
        """Whether it was made with other parameters than the present ones."""
        return self._hasher().check_needs_rehash(hash_)

    def close(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _hasher(self) -> "PasswordHasher":
        if self._given is None:
            from argon2 import PasswordHasher
            from argon2.profiles import RFC_9106_LOW_MEMORY

            self._given = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        return self._given

    def _verify(self, hash_: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

        try:
            return self._hasher().verify(
                self._hash_of_nobody() if hash_ is None else hash_, password
            )
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError) as error:
            raise NeedsPerson(
                f"a stored password cannot be checked: {error}",
                hint="reset it: gonogo people invite",
            ) from error

    def _hash_of_nobody(self) -> str:
        if self._nobodys is None:
            import secrets

            self._nobodys = self._hasher().hash(secrets.token_urlsafe(32))
        return self._nobodys

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= _MOST_WAITING:
            raise Unavailable(
                f"more than {_MOST_WAITING} passwords wait to be checked",
                hint="try again in a moment",
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
