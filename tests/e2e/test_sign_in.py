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
body = json.dumps({"name": "ada", "password": "guess"}).encode()
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


def sign_in(base: str, name: str, password: str = PASSWORD) -> httpx2.Response:
    body = {"name": name, "password": password}
    return httpx2.post(f"{base}/api/v1/sign-in", json=body, timeout=30, trust_env=False)


def accept(base: str, secret: str, password: str = PASSWORD, name: str = "") -> httpx2.Response:
    body = {"invitation": secret, "name": name, "password": password}
    return httpx2.post(
        f"{base}/api/v1/invitations/accepted", json=body, timeout=30, trust_env=False
    )


@pytest.fixture(scope="module")
def first_link(desk: DeskHouse) -> tuple[str, str]:
    """The desk's address and the secret of the link that it printed, which made Ada its admin."""
    eventually(lambda: bool(LINK.search(desk.log.read_text())), "the link of the first admin")
    base, secret = LINK.findall(desk.log.read_text())[-1]
    accepted = accept(base, secret, name="Ada")
    assert (accepted.status_code, accepted.json()["roles"]) == (201, ["admin"])
    return base, secret


def test_the_first_start_prints_a_link_that_makes_the_admin_who_invites_others(
    desk: DeskHouse, first_link: tuple[str, str]
) -> None:
    base, secret = first_link
    assert accept(base, secret, name="Eve").status_code == 404
    assert sign_in(base, "Ada").json()["name"] == "Ada"
    invited = desk.run("people", "invite", "quinn", "--role", "qa")
    assert invited.code == 0, invited
    found = LINK.fullmatch(invited.out.strip())
    assert found is not None
    assert accept(found[1], found[2], "nine herons in the reeds").json()["roles"] == ["qa"]
    narrowed = desk.run("people", "token", "quinn", "--scope", "read")
    assert "  for read" in desk.run("people").out
    kept = b"".join(file.read_bytes() for file in desk.home.glob("desk.sqlite3*"))
    for hidden in (secret, found[2], PASSWORD, "nine herons", narrowed.out.strip()):
        assert hidden.encode() not in kept


def test_a_flood_of_tries_from_one_address_keeps_nobody_else_from_signing_in(
    desk: DeskHouse, first_link: tuple[str, str]
) -> None:
    base, _ = first_link
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
            answer = sign_in(base, "Ada")
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
    assert answered > len(taken) > 0, told


def test_behind_a_trusted_proxy_the_desk_has_its_public_address_and_sees_who_asks() -> None:
    public = {
        "GONOGO_PUBLIC_URL": "https://desk.example.invalid",
        "GONOGO_TRUSTED_PROXIES": "127.0.0.1",
    }
    desk = DeskHouse(environ=public)
    try:
        desk.start()
        eventually(lambda: "/join?" in desk.log.read_text(), "the link of the first admin")
        link = re.search(
            r"https://desk\.example\.invalid/join\?invitation=(\S+)", desk.log.read_text()
        )
        assert link is not None
        passed_on = {
            "Host": "desk.example.invalid",
            "Origin": "https://desk.example.invalid",
            "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
            "X-Forwarded-Proto": "https",
        }
        base = f"{desk.address['url']}/api/v1"
        body = {"invitation": link[1], "name": "Ada", "password": PASSWORD}
        with httpx2.Client(headers=passed_on, trust_env=False, timeout=30) as client:
            answer = client.post(f"{base}/invitations/accepted", json=body)
            assert answer.status_code == 201, answer.text
            cookie = answer.headers["set-cookie"]
            assert cookie.startswith("__Host-gonogo_session=")
            assert "Secure" in cookie
            given = {"Cookie": cookie.split(";")[0]}
            listed = client.get(f"{base}/sessions", headers=given).json()
            assert [each["address"] for each in listed] == ["203.0.113.9"]
            refused = client.get(f"{base}/health", headers={"Host": "elsewhere.invalid"})
            assert refused.status_code == 403
    finally:
        desk.close()


def test_who_is_no_trusted_proxy_is_not_believed_for_whom_they_ask(
    first_link: tuple[str, str],
) -> None:
    base = f"{first_link[0]}/api/v1"
    claim = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with httpx2.Client(headers=claim, trust_env=False, timeout=30) as client:
        body = {"name": "Ada", "password": PASSWORD}
        answer = client.post(f"{base}/sign-in", json=body)
        assert answer.status_code == 200, answer.text
        assert "Secure" not in answer.headers["set-cookie"]
        listed = client.get(f"{base}/sessions").json()
        assert listed[0]["address"] == "127.0.0.1"
