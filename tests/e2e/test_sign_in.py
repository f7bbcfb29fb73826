"""The first start of a real desk, people signing in to it, and a flood of tries beside them."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import psutil
import pytest
from tests.e2e.desk import DeskHouse, eventually

pytestmark = pytest.mark.slow

PASSWORD = "seven geese over the weir"
LINK = re.compile(r"(http://127\.0\.0\.1:\d+)/join\?invitation=(\S+)")
FLOOD = """
import asyncio, json, sys

host, port, connections, seconds = "127.0.0.1", int(sys.argv[1]), 40, float(sys.argv[2])
body = json.dumps({"name": "quinn", "password": "guess"}).encode()
head = f"POST /api/v1/sign-in HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nContent-Type: application/json\\r\\n"
request = f"{head}Content-Length: {len(body)}\\r\\n\\r\\n".encode() + body
answers = [0]

async def one(end):
    loop = asyncio.get_running_loop()
    while loop.time() < end:
        reader, writer = await asyncio.open_connection(host, port, local_addr=("127.0.0.2", 0))
        try:
            while loop.time() < end:
                writer.write(request * 16)
                await writer.drain()
                for _ in range(16):
                    head = await reader.readuntil(b"\\r\\n\\r\\n")
                    length = int(head.lower().split(b"content-length:")[1].split()[0])
                    await reader.readexactly(length)
                    answers[0] += 1
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

async def main():
    print("begun", flush=True)
    end = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(one(end) for _ in range(connections)))
    print(answers[0], flush=True)

asyncio.run(main())
"""


def links(desk: DeskHouse) -> list[tuple[str, str]]:
    return LINK.findall(desk.log.read_text())


def sign_in(base: str, name: str, password: str = PASSWORD) -> httpx2.Response:
    body = {"name": name, "password": password}
    return httpx2.post(f"{base}/api/v1/sign-in", json=body, timeout=30, trust_env=False)


def test_the_first_start_prints_a_link_that_makes_the_admin_who_invites_others(
    desk: DeskHouse,
) -> None:
    eventually(lambda: bool(links(desk)), "the link of the first admin")
    base, secret = links(desk)[-1]
    body = {"invitation": secret, "name": "Ada", "password": PASSWORD}
    accepted = httpx2.post(f"{base}/api/v1/invitations/accepted", json=body, trust_env=False)
    assert (accepted.status_code, accepted.json()["roles"]) == (201, ["admin"])
    again = httpx2.post(f"{base}/api/v1/invitations/accepted", json=body, trust_env=False)
    assert again.status_code == 404
    assert sign_in(base, "Ada").json()["name"] == "Ada"

    invited = desk.run("people", "invite", "quinn", "--role", "qa")
    assert invited.code == 0, invited
    found = LINK.fullmatch(invited.out.strip())
    assert found is not None
    body = {"invitation": found[2], "password": "nine herons in the reeds"}
    joined = httpx2.post(f"{found[1]}/api/v1/invitations/accepted", json=body, trust_env=False)
    assert joined.json()["roles"] == ["qa"]
    narrowed = desk.run("people", "token", "quinn", "--scope", "read")
    assert "token" in desk.run("people").out
    assert "  for read" in desk.run("people").out
    kept = b"".join(file.read_bytes() for file in desk.home.glob("desk.sqlite3*"))
    for hidden in (secret, found[2], PASSWORD, "nine herons", narrowed.out.strip()):
        assert hidden.encode() not in kept


def test_a_flood_of_tries_from_one_address_keeps_nobody_else_from_signing_in(
    desk: DeskHouse,
) -> None:
    base = str(desk.address["url"])
    port = base.rpartition(":")[2]
    process = psutil.Process(desk.process.pid)
    before = sum(process.cpu_times()[:2])
    flood = subprocess.Popen(
        [sys.executable, "-c", FLOOD, port, "6"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert flood.stdout is not None
        assert flood.stdout.readline() == "begun\n"
        taken = []
        while flood.poll() is None and len(taken) < 8:
            began = time.monotonic()
            answer = sign_in(base, "quinn", "nine herons in the reeds")
            taken.append(time.monotonic() - began)
            assert answer.status_code == 200, answer.text
            time.sleep(0.2)
        answered = int(flood.communicate(timeout=60)[0])
    finally:
        flood.kill()
        flood.wait()
    used = sum(process.cpu_times()[:2]) - before
    told = json.dumps(
        {
            "answered_a_second": answered / 6,
            "cpu_ms_an_answer": 1000 * used / answered,
            "sign_in_seconds": [round(each, 3) for each in taken],
        }
    )
    with contextlib.suppress(KeyError):
        Path(os.environ["GONOGO_FLOOD_RESULT"]).write_text(told)
    assert answered > 100, told
