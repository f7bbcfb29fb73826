"""Log lines as HAProxy 2.8 wrote them, and whose answer each one is."""

from datetime import UTC, datetime

import pytest

from gonogo.adapters.haproxy.lines import parse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STABLE, CANARY = "127.0.0.1:8801", "127.0.0.1:8802"


def line(
    *,
    forced: str = "-",
    drawn: str = CANARY,
    final: str = CANARY,
    status: int = 200,
    times: str = "12 15",
    ended: str = "--",
    retries: str = "0",
    what: str = "GET /orders",
) -> str:
    return f"77 5 {forced} {drawn} {final} {status} {times} {ended} {retries} 127.0.0.9 {what}"


def judged(text: str) -> tuple[str, int | None] | None:
    found = parse(text, NOW, patience=2.0)
    assert found is not None
    return (found.request.address, found.request.status) if found.request else None


def test_an_answer_is_read_whole() -> None:
    found = parse(line(), NOW, patience=2.0)
    assert found is not None
    assert (found.pid, found.number) == (77, 5)
    request = found.request
    assert request is not None
    assert (request.at, request.address, request.status, request.seconds) == (
        NOW,
        CANARY,
        200,
        0.012,
    )
    assert (request.method, request.path, request.client) == ("GET", "/orders", "127.0.0.9")


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        (line(status=502), (CANARY, 502)),
        (line(status=502, times="-1 1", ended="SH"), (CANARY, None)),
        (line(status=502, times="-1 1", ended="PH"), (CANARY, None)),
        (line(status=504, times="-1 60000", ended="sH"), (CANARY, None)),
        (line(status=200, ended="SD"), (CANARY, None)),
        (line(status=503, times="-1 0", ended="SC", final="-:-"), (CANARY, None)),
        (line(final=STABLE, retries="+1"), (CANARY, None)),
        (line(final=STABLE, retries="+2"), (CANARY, None)),
        (line(drawn=STABLE, final=CANARY, retries="+1"), (STABLE, None)),
        (line(retries="1"), (CANARY, None)),
        (line(drawn="[fd00::2]:8802"), ("[fd00::2]:8802", 200)),
        (line(drawn="-", final="fd00::2:8802"), ("[fd00::2]:8802", 200)),
        (line(drawn="-", final=STABLE), (STABLE, 200)),
        (line(ended="CD"), (CANARY, 200)),
        (line(status=101, ended="SD"), (CANARY, 101)),
    ],
)
def test_a_request_belongs_to_the_instance_it_was_drawn_for(
    text: str, whose: tuple[str, int | None]
) -> None:
    assert judged(text) == whose


@pytest.mark.parametrize(
    "text",
    [
        line(forced="b", drawn="-", status=500),
        line(drawn="-", final="-:-", status=503, times="-1 0", ended="SC"),
        line(drawn="-", final="-:-", status=400, ended="PR", what="<BADREQ> <BADREQ>"),
        line(status=400, times="-1 1999", ended="CH"),
        line(status=408, times="-1 9000", ended="cR"),
    ],
)
def test_what_says_nothing_about_a_version_is_not_judged(text: str) -> None:
    assert judged(text) is None


def test_a_customer_who_waited_long_before_leaving_got_no_answer() -> None:
    assert judged(line(status=400, times="-1 2000", ended="CH")) == (CANARY, None)


def test_a_retried_request_without_a_known_first_instance_is_unclear() -> None:
    found = parse(line(drawn="-", final=STABLE, retries="+1"), NOW, patience=2.0)
    assert found is not None
    assert (found.unclear, found.request) == (True, None)


@pytest.mark.parametrize(
    ("written", "path"),
    [("/a#7Cb#22", '/a|b"'), ("/two words", "/two words"), ("/a%20b", "/a%20b"), ("/#zz", "/#zz")],
)
def test_odd_paths_are_read(written: str, path: str) -> None:
    found = parse(line(what=f"GET {written}"), NOW, patience=2.0)
    assert found is not None
    assert found.request is not None
    assert found.request.path == path


@pytest.mark.parametrize("text", ["", "Proxy entrance stopped (cumulated conns: FE: 1).", "1 2 3"])
def test_what_is_no_request_is_passed_over(text: str) -> None:
    assert parse(text, NOW, patience=2.0) is None
