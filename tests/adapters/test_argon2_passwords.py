"""Passwords hashed with argon2, with as little work as it allows where the work is not what is tested."""

import asyncio

import pytest
from argon2 import PasswordHasher

from gonogo.adapters.argon2_passwords import Argon2Passwords
from gonogo.domain.errors import NeedsPerson, Unavailable


def light(memory: int = 8) -> Argon2Passwords:
    return Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=memory, parallelism=1))


async def test_a_password_matches_its_hash_and_no_other_and_nobodys_matches_none() -> None:
    hasher = light()
    made = await hasher.hash("seven geese")
    assert made.startswith("$argon2id$")
    assert made != await hasher.hash("seven geese")
    assert await hasher.matches(made, "seven geese")
    assert not await hasher.matches(made, "seven ducks")
    assert not await hasher.matches(None, "seven geese")
    hasher.close()


async def test_a_hash_of_less_work_is_outdated() -> None:
    before, now = light(8), light(16)
    made = await before.hash("x")
    assert now.outdated(made)
    assert not before.outdated(made)
    assert await now.matches(made, "x")


async def test_a_stored_hash_that_cannot_be_read_is_a_persons_matter() -> None:
    with pytest.raises(NeedsPerson, match="a stored password cannot be checked"):
        await light().matches("no hash", "x")


async def test_only_so_many_may_wait_and_whoever_waits_is_served() -> None:
    hasher = light()
    asked = [asyncio.ensure_future(hasher.hash(str(number))) for number in range(40)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    refused = [each for each in done if isinstance(each, Unavailable)]
    assert len(refused) == 8
    assert all(isinstance(each, str) for each in done if each not in refused)


async def test_the_desks_own_hashes_are_made_with_the_work_that_rfc_9106_asks_for() -> None:
    made = await Argon2Passwords().hash("seven geese")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
