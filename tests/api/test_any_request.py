"""Whatever is sent, the answer is one that the description tells of. Made up by schemathesis.

It runs over a real socket, against the application over a desk in memory, once for each kind of asker.
Seeds are fixed; what differs from run to run is left out (times, ids).
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from tests.bundles import Notary, a_notary
from tests.papers import OWNER

from gonogo.api import releases
from gonogo.api.application import build_application
from gonogo.domain.actor import Role
from gonogo.usecases.access import people
from gonogo.usecases.context import Context

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

# What a request is about may be right in form and still not exist, not fit or not be allowed; 422 says
# that a text in it (a spec, a duration, a role) cannot be meant. No JSON Schema can tell these apart.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "413", "422"]

# A stranger's body that is too large is refused before anybody reads what it holds.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "412", "413", "422", "428", "429"]
"""


@contextlib.asynccontextmanager
async def served(context: Context) -> AsyncIterator[str]:
    """The application on a port of this machine; its address."""
    application = build_application(context, OWNER, "owner", lambda: None)
    configuration = uvicorn.Config(application, port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(configuration)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


async def filled(notary: Notary) -> str:
    """The token of a viewer."""
    await people.add_person(notary.context, OWNER, name="Vera", roles=[Role.VIEWER])
    return (await people.issue_token(notary.context, OWNER, person="Vera")).secret


@pytest.mark.parametrize("asker", ["owner", "viewer", "nobody"])
async def test_no_request_gets_an_answer_that_is_not_described(
    asker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_LONGEST_WAIT", 0.01)
    examples = 4 if asker == "owner" else 2
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    async with a_notary(tmp_path) as notary:
        await notary.whole_way()
        tokens = {"owner": "owner", "viewer": await filled(notary), "nobody": "wrong"}
        async with served(notary.context) as url:
            description = tmp_path / "openapi.json"
            description.write_bytes(await _fetched(f"{url}/api/v1/openapi.json"))
            command = [
                *(str(Path(sys.executable).parent / "schemathesis"), "--config-file"),
                *(str(settings), "run", str(description), f"--url={url}"),
                *("--checks=all", f"--max-examples={examples}", "--seed=20260301"),
                *("--generation-deterministic", "--no-color"),
                *("--max-failures=20", "--continue-on-failure", "--no-shrink", "--warnings=off"),
                *("-H", f"Authorization: Bearer {tokens[asker]}"),
            ]
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-60000:]


async def _fetched(url: str) -> bytes:
    import httpx2

    async with httpx2.AsyncClient() as client:
        answer = await client.get(url, headers={"Authorization": "Bearer owner"})
        assert answer.status_code == 200
        return answer.content
