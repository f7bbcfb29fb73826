import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from gonogo.adapters.http_smoke import HttpSmokeRunner, first_difference
from gonogo.domain.errors import ActionFailed
from gonogo.domain.plan import Command, CommandSmoke, HttpSmoke
from gonogo.ports.smoke import SmokeOrder, SmokeResult
from gonogo.ports.workshop import Job, JobResult

SECRET = "tester-secret-value"


@dataclass
class Service:
    """A server on loopback that answers from a table and remembers what it was asked."""

    base_url: str = ""
    answers: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)
    headers: bytes = b""
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    hang: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, method: str, path: str, content: Any, status: int = 200) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answers[method, path] = (status, body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = dict(line.lower().split(": ", 1) for line in lines)
                raw = dict(line.split(": ", 1) for line in lines)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.seen.append((method, path, {k.lower(): v for k, v in raw.items()}, body))
                if path == "/hang":
                    await self.hang.wait()
                status, content = self.answers.get((method, path), (404, b"no such page"))
                writer.write(
                    b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n"
                    % (status, len(content), self.headers)
                    + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    made.hang.set()
    server.close()


async def no_commands(job: Job) -> JobResult:
    raise AssertionError(f"nothing asked for {job}")


def order_of(service: Service, *tests: Any, **others: Any) -> SmokeOrder:
    return SmokeOrder("orders", "c" * 40, service.base_url, tests, **others)


@pytest.fixture
def run(service: Service) -> Callable[..., Any]:
    async def run_tests(*tests: Any, **others: Any) -> tuple[SmokeResult, ...]:
        return await HttpSmokeRunner(no_commands).run(order_of(service, *tests, **others))

    return run_tests


async def test_a_later_test_uses_what_an_earlier_one_saved(service, run):
    service.answer("POST", "/orders", {"order": {"id": 7, "code": "a b/c"}}, 201)
    service.answer("PUT", "/orders/7/a%20b%2Fc", {"ok": True})
    create = HttpSmoke(
        "create",
        "POST",
        "/orders",
        body={"sku": "x"},
        expect_status=201,
        save={"id": "order.id", "code": "order.code"},
    )
    change = HttpSmoke(
        "change",
        "PUT",
        "/orders/${id}/${code}",
        headers={"X-Order": "no ${id}"},
        body={"id": "${id}", "note": ["order ${id}"]},
    )
    results = await run(create, change)
    assert all(result.passed for result in results), results
    _, _, headers, body = service.seen[1]
    assert headers["x-order"] == "no 7"
    assert json.loads(body) == {"id": 7, "note": ["order 7"]}


async def test_a_test_that_needs_what_was_never_saved_fails_and_the_rest_still_run(service, run):
    service.answer("GET", "/", {})
    results = await run(HttpSmoke("needs", "GET", "/${id}"), HttpSmoke("home", "GET", "/"))
    assert [result.passed for result in results] == [False, True]
    assert results[0].detail == "needs ${id}, which no test before it has saved"


async def test_an_answer_without_what_should_be_saved_fails(service, run):
    service.answer("GET", "/", {"order": {}})
    (result,) = await run(HttpSmoke("home", "GET", "/", save={"id": "order.id"}))
    assert result.detail == 'the answer has no "order.id" to save as ${id}'


async def test_an_unexpected_status_shows_both_and_the_body(service, run):
    service.answer("GET", "/", b"NOT NULL constraint failed:\n tracking.courier", 500)
    (result,) = await run(HttpSmoke("home", "GET", "/"))
    assert result.detail == (
        "answered 500, expected 200: NOT NULL constraint failed:  tracking.courier"
    )


async def test_a_redirect_is_an_answer_and_is_not_followed(service, run):
    service.headers = b"Location: /elsewhere\r\n"
    service.answer("GET", "/", b"", 302)
    (result,) = await run(HttpSmoke("home", "GET", "/", expect_status=302))
    assert result.passed
    assert len(service.seen) == 1


async def test_the_first_difference_in_json_is_named(service, run):
    service.answer("GET", "/", {"items": [{"name": "x", "extra": 1}]})
    (result,) = await run(HttpSmoke("home", "GET", "/", expect_json={"items": [{"name": "y"}]}))
    assert result.detail == '$.items[0].name is "x", expected "y"'


@pytest.mark.parametrize(
    ("found", "expected", "sentence"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, None),
        ([1, 2, 3], [1, 2], None),
        ({"a": 1}, {"a": 1.0}, None),
        ({}, {}, None),
        ({"a": True}, {"a": 1}, "$.a is true, expected 1"),
        ({"a": 0}, {"a": False}, "$.a is 0, expected false"),
        ({}, {"a": None}, "$.a is missing, expected null"),
        ([1], [1, 2], "$[1] is missing, expected 2"),
        ([], {}, "$ is [], expected {}"),
        ("x", {"a": 1}, '$ is "x", expected {"a": 1}'),
        ({"a": {"b": [{"c": "é"}]}}, {"a": {"b": [{"c": "e"}]}}, '$.a.b[0].c is "é", expected "e"'),
    ],
)
def test_expected_json_is_contained_or_the_first_difference_is_said(found, expected, sentence):
    assert first_difference(found, expected) == sentence


async def test_an_answer_that_is_not_json_says_so(service, run):
    service.answer("GET", "/", b"<html>hello</html>")
    (result,) = await run(HttpSmoke("home", "GET", "/", expect_json={"a": 1}))
    assert result.detail == "the answer is not JSON: <html>hello</html>"


async def test_json_that_is_nested_without_end_is_not_json(service, run):
    service.answer("GET", "/", b"[" * 100_000)
    (result,) = await run(HttpSmoke("home", "GET", "/", expect_json=[]))
    assert result.detail.startswith("the answer is not JSON")


async def test_a_huge_answer_is_read_up_to_a_limit(service):
    service.answer("GET", "/", b'"' + b"x" * 3_000_000 + b'"')
    tests = (
        HttpSmoke("status only", "GET", "/"),
        HttpSmoke("with json", "GET", "/", expect_json="x"),
    )
    results = await HttpSmokeRunner(no_commands).run(order_of(service, *tests))
    assert [result.passed for result in results] == [True, False]
    assert results[1].detail == "the answer is longer than 1048576 bytes"


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_too(service, run):
    service.headers = b"Content-Encoding: gzip\r\n"
    service.answer("GET", "/", gzip.compress(b" " * 20_000_000))
    (result,) = await run(HttpSmoke("home", "GET", "/", expect_json={}))
    assert result.detail == "the answer is longer than 1048576 bytes"


async def test_an_answer_that_does_not_come_is_not_waited_for(run):
    (result,) = await run(HttpSmoke("slow", "GET", "/hang", within=timedelta(seconds=0.2)))
    assert result.detail == "no whole answer within 0.2 s"


async def test_nobody_listening_is_said(free_port):
    url = f"http://127.0.0.1:{free_port()}"
    order = SmokeOrder("orders", "c" * 40, url, (HttpSmoke("home", "GET", "/"),))
    (result,) = await HttpSmokeRunner(no_commands).run(order)
    assert result.detail.startswith(f"cannot connect to {url}: ")


async def test_the_testers_header_goes_with_every_request_and_cannot_be_replaced(service, run):
    service.answer("GET", "/", {})
    test = HttpSmoke("home", "GET", "/", headers={"x-CANARY": "mine", "Accept": "text/plain"})
    await run(test, headers={"X-Canary": SECRET})
    headers = service.seen[0][2]
    assert headers["x-canary"] == SECRET
    assert headers["accept"] == "text/plain"


@pytest.mark.parametrize("status", [200, 500])
async def test_secrets_in_headers_are_not_shown_even_when_the_answer_repeats_them(
    service, run, status
):
    service.answer("GET", "/login", {"token": "abcdefghijkl"})
    echo = f"you sent {SECRET} and Bearer abcdefghijkl"
    service.answer("GET", "/", {"echo": echo}, status)
    login = HttpSmoke("login", "GET", "/login", save={"token": "token"})
    home = HttpSmoke(
        "home",
        "GET",
        "/",
        headers={"Authorization": "Bearer ${token}"},
        expect_json={"echo": "nothing"},
    )
    results = await run(login, home, headers={"X-Canary": SECRET})
    assert "you sent ••• and •••" in results[1].detail
    assert SECRET not in results[1].detail
    assert "abcdefghijkl" not in results[1].detail


async def test_no_part_of_a_secret_is_left_where_the_answer_is_cut(service, run):
    service.answer("GET", "/", b"x" * 195 + SECRET.encode(), 500)
    (result,) = await run(HttpSmoke("home", "GET", "/"), headers={"X-Canary": SECRET})
    assert "teste" not in result.detail


async def test_a_saved_value_cannot_add_a_header(service, run):
    service.answer("GET", "/", {"v": "a\r\nX-Canary: other"})
    first = HttpSmoke("first", "GET", "/", save={"v": "v"})
    second = HttpSmoke("second", "GET", "/", headers={"X-V": "${v}"})
    results = await run(first, second)
    assert results[1].detail == 'the header "x-v" would hold a control character'
    assert len(service.seen) == 1


async def test_a_proxy_of_the_desk_is_not_used(service, run, monkeypatch, free_port):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    service.answer("GET", "/", {})
    (result,) = await run(HttpSmoke("home", "GET", "/"))
    assert result.passed, result.detail


async def test_two_runs_do_not_share_a_connection(service, run):
    service.answer("GET", "/", {})
    for _ in range(2):
        await run(HttpSmoke("home", "GET", "/"))
    assert service.connections == 2


@pytest.fixture
def run_command(service: Service) -> Callable[..., Any]:
    async def run(result: JobResult | ActionFailed, line: str = "check {url}") -> Any:
        jobs: list[Job] = []

        async def command(job: Job) -> JobResult:
            jobs.append(job)
            if isinstance(result, ActionFailed):
                raise result
            return result

        test = CommandSmoke("check", Command("check", line, timedelta(seconds=5)))
        order = order_of(
            service, test, placeholders={"url": "http://x/?a=1&b"}, variables={"A": "1"}
        )
        (answer,) = await HttpSmokeRunner(command).run(order)
        return answer, jobs

    return run


async def test_a_command_gets_its_placeholders_and_variables(run_command):
    answer, (job,) = await run_command(JobResult(0, "", 0.1, "/log"))
    assert answer.passed
    assert (job.service, job.commit, job.name) == ("orders", "c" * 40, "smoke-check")
    assert job.line == "check 'http://x/?a=1&b'"
    assert job.variables == {"A": "1"}


@pytest.mark.parametrize(
    ("result", "detail"),
    [
        (
            JobResult(3, "one\ntwo\n", 0.1, "/log"),
            "ended with exit code 3: two; log: /log",
        ),
        (JobResult(3, "", 0.1, "/log"), "ended with exit code 3; log: /log"),
        (JobResult(None, "", 5, "/log"), "did not end within 5 s; log: /log"),
        (ActionFailed("its files are gone"), "its files are gone"),
    ],
)
async def test_a_command_that_fails_says_how(result, detail, run_command):
    answer, _ = await run_command(result)
    assert not answer.passed
    assert answer.detail == detail
