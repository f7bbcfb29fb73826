"""Reports sent to the desk: in pieces, up to a size, and never half."""

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

import pytest
from tests.api.conftest import House
from tests.papers import NEW

from gonogo.api import evidence as endpoints
from gonogo.domain.actor import Role
from gonogo.domain.evidence import Evidence
from gonogo.usecases.papers import evidence

JUNIT = (
    b'<testsuites><testsuite name="unit" tests="1" timestamp="2026-01-01T00:00:00+00:00">'
    b'<testcase classname="t" name="c"/></testsuite></testsuites>'
)
PATH = "/services/shop/evidence"
QUERY = {"name": "junit.xml", "version": "v1.2.0", "at": "2026-01-01T00:00:00Z"}


async def sent(house: House, content: Any, **query: str) -> tuple[int, Any]:
    answer = await house.ask("POST", PATH, params={**QUERY, **query}, content=content)
    return answer.status_code, answer.json()


async def stored(house: House) -> int:
    return len(await house.desk.store.papers("shop", NEW))


async def test_a_report_is_read_and_filed_in_its_suppliers_name(house: House) -> None:
    token = await house.token(Role.CI, name="shop-ci")
    answer = await house.ask("POST", PATH, token=token, params=QUERY, content=JUNIT)
    (found,) = answer.json()
    assert answer.status_code == 200
    assert (found["kind"], found["by"], found["commit"], found["known"]) == (
        "tests",
        "shop-ci",
        NEW,
        False,
    )
    assert (await house.ask("GET", PATH, params={"version": "v1.2.0"})).json()[0]["by"] == "shop-ci"


async def test_a_report_comes_in_pieces_and_is_put_together(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "_PIECE", 16)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(JUNIT), 7):
            yield JUNIT[start : start + 7]

    status, found = await sent(house, pieces())
    assert (status, found[0]["size"]) == (200, len(JUNIT))


@pytest.mark.parametrize("said", [True, False], ids=["with its length", "without"])
async def test_a_report_that_is_too_large_is_refused_and_nothing_is_kept(
    house: House, monkeypatch: pytest.MonkeyPatch, said: bool
) -> None:
    monkeypatch.setattr(evidence, "LARGEST", 1 << 20)
    asked_for = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(64):
            asked_for.append(number)
            yield b"<" * (1 << 18)

    status, problem = await sent(house, b"<" * ((1 << 20) + 1) if said else pieces())
    assert status == 413
    assert problem["title"] == "'junit.xml' is larger than 1 MiB, the most that is read"
    assert len(asked_for) < 10
    assert await stored(house) == 0


async def test_a_file_of_exactly_the_largest_size_is_let_through(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "LARGEST", len(JUNIT))
    assert (await sent(house, JUNIT))[0] == 200
    assert (await sent(house, JUNIT + b" "))[0] == 413


async def test_a_bad_report_leaves_nothing_behind(house: House) -> None:
    before = await house.entries()
    status, problem = await sent(house, JUNIT[:-20])
    assert (status, "junit.xml" in problem["title"]) == (422, True)
    assert (await stored(house), await house.entries()) == (0, before)


async def test_the_file_of_a_report_is_gone_afterwards(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    make = tempfile.TemporaryFile

    def remember(*words: Any, **options: Any) -> Any:
        files.append(make(*words, **options))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", remember)
    await sent(house, JUNIT)
    await sent(house, b"bad")
    assert [file.closed for file in files] == [True, True]


async def test_the_desk_answers_others_while_it_reads_a_report(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, go_on = threading.Event(), threading.Event()
    read = evidence.read_report

    def slowly(file: BinaryIO, name: str) -> tuple[Evidence, ...]:
        reading.set()
        assert go_on.wait(20)
        return read(file, name)

    monkeypatch.setattr(evidence, "read_report", slowly)
    push = asyncio.ensure_future(sent(house, JUNIT))
    assert await asyncio.to_thread(reading.wait, 20)
    try:
        assert (await house.ask("GET", "/whoami")).status_code == 200
        assert not push.done()
    finally:
        go_on.set()
    assert (await push)[0] == 200


async def test_one_push_sent_twice_at_once_is_one_paper(house: House) -> None:
    answers = await asyncio.gather(*(sent(house, JUNIT) for _ in range(4)))
    assert [status for status, _ in answers] == [200] * 4
    assert await stored(house) == 1
    assert sorted(found[0]["known"] for _, found in answers) == [False, True, True, True]


async def test_a_check_files_nothing(house: House) -> None:
    assert (await sent(house, JUNIT, check="true"))[0] == 200
    assert await stored(house) == 0


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"at": "yesterday"}, "query.at"),
        ({"at": "2026-01-01T00:00:00"}, "query.at"),
        ({"name": ""}, "query.name"),
    ],
)
async def test_a_wrong_claim_is_refused_with_its_name(
    house: House, query: dict[str, str], place: str
) -> None:
    status, problem = await sent(house, JUNIT, **query)
    assert (status, problem["title"].partition(":")[0]) == (422, place)


@pytest.mark.parametrize("name", ["../../etc/junit.xml", "C:\\x\\junit.xml"])
async def test_a_name_is_only_a_name(house: House, name: str) -> None:
    _, found = await sent(house, JUNIT, name=name)
    assert found[0]["name"] == "junit.xml"


async def test_somebody_who_may_not_push_is_refused_before_the_bytes_are_taken(
    house: House,
) -> None:
    asked_for = []

    async def pieces() -> AsyncIterator[bytes]:
        asked_for.append(1)
        yield JUNIT

    token = await house.token(Role.VIEWER)
    answer = await house.ask("POST", PATH, token=token, params=QUERY, content=pieces())
    assert answer.status_code == 403
    assert asked_for == []
