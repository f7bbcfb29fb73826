import asyncio

import pytest

from gonogo.adapters.local.lock import exclusive
from gonogo.domain.errors import Unavailable


async def test_a_child_that_inherits_the_lock_keeps_it_until_it_lets_go(tmp_path):
    path = tmp_path / "lock"
    async with exclusive(path, 1, "begin") as held:
        child = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", "read line", stdin=asyncio.subprocess.PIPE, pass_fds=(held,)
        )
    with pytest.raises(Unavailable, match=r"cannot start orders: .* has held .*lock for 0\.1 s"):
        async with exclusive(path, 0.1, "start orders"):
            pass
    assert child.stdin is not None
    child.stdin.write(b"go\n")
    await child.wait()
    async with exclusive(path, 0.1, "start orders"):
        pass
