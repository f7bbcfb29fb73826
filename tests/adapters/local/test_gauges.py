"""Reading gauges from an instance of this machine."""

import shlex
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.gauges import a_gauge, an_instance
from tests.servers import VersionServer, free_port

from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.gauges import InstanceGauges
from gonogo.domain.errors import Unavailable
from gonogo.domain.gauge import GaugeOrigin, JsonNumber, Metric, Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
METRICS = """\
# HELP depth Jobs that wait.
# TYPE depth gauge
depth{queue="mail",shard="a"} 3
depth{queue="print"} 8
depth{queue="both\\"quoted"} 5
depth_total 99
share NaN
inf +Inf
old 1 1700000000000
new 1 4000000000000
twice 1
twice 1
broken{queue="mail 1
"""
ANSWER = '{"queues": [{"depth": 4}], "a/b": {"~": 1.5}, "on": true, "word": "12", "none": null}'


class FixedClock:
    def now(self) -> datetime:
        return NOW


async def nothing_runs(_: str) -> int | None:
    return None


@pytest.fixture(scope="module")
def server() -> Iterator[VersionServer]:
    with VersionServer("") as running:
        yield running


async def read(server: VersionServer, origin: GaugeOrigin, body: str) -> Reading:
    server.name, server.status, server.delay, server.truncate = body, 200, 0.0, False
    source = InstanceGauges(FixedClock(), nothing_runs)
    return await source.read(an_instance(server.port), a_gauge(origin=origin))


@pytest.mark.parametrize(
    ("pointer", "value"), [("/queues/0/depth", 4.0), ("/a~1b/~0", 1.5)], ids=str
)
async def test_a_json_pointer_leads_to_a_number(server, pointer, value):
    assert (await read(server, JsonNumber("/stats", pointer), ANSWER)).value == value


@pytest.mark.parametrize(
    ("pointer", "body", "says"),
    [
        ("/queues/1/depth", ANSWER, "there is no /queues/1/depth of http://127"),
        ("/queues/-/depth", ANSWER, "there is no"),
        ("/on", ANSWER, "/on of .* is true or false, not a number"),
        ("/word", ANSWER, "is text, not a number"),
        ("/none", ANSWER, "is null, not a number"),
        ("/queues", ANSWER, "is a list, not a number"),
        ("/depth", "<html>", "did not answer JSON"),
        ("/depth", "[" * 100_000, "did not answer JSON"),
        ("/depth", '{"depth": NaN}', "no finite number"),
        ("/depth", f'{{"depth": {"9" * 400}}}', "too large a number"),
    ],
    ids=lambda value: value[:20],
)
async def test_what_is_no_number_in_json_is_an_error_that_says_what_was_found(
    server, pointer, body, says
):
    with pytest.raises(Unavailable, match=says):
        await read(server, JsonNumber("/stats", pointer), body)


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("depth", (("queue", "mail"),), 3.0),
        ("depth", (("queue", "print"),), 8.0),
        ("depth", (("queue", 'both"quoted'),), 5.0),
        ("depth_total", (), 99.0),
    ],
    ids=str,
)
async def test_a_series_is_found_by_name_and_labels_and_may_have_more_labels(
    server, name, labels, value
):
    assert (await read(server, Metric("/metrics", name, labels), METRICS)).value == value


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        (Metric("/metrics", "depth"), "has 3 series depth, and one is needed; give more labels"),
        (Metric("/metrics", "twice"), "has 2 series twice"),
        (Metric("/metrics", "dept"), "has no series dept"),
        (Metric("/metrics", "depth", (("queue", "x"),)), 'has no series depth{queue="x"}'),
        (Metric("/metrics", "share"), "its value is nan"),
        (Metric("/metrics", "inf"), "its value is inf"),
        (Metric("/metrics", "broken"), "has a line of broken that cannot be read"),
    ],
    ids=lambda value: getattr(value, "selector", "says"),
)
async def test_none_many_or_unreadable_series_are_errors(server, origin, says):
    with pytest.raises(Unavailable) as caught:
        await read(server, origin, METRICS)
    assert says in str(caught.value)


async def test_a_sample_with_a_time_is_as_old_as_it_says_and_never_from_the_future(server):
    old = await read(server, Metric("/metrics", "old"), METRICS)
    assert old.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (await read(server, Metric("/metrics", "new"), METRICS)).at == NOW


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ({"status": 500}, "answered 500, expected 2xx"),
        ({"status": 404}, "answered 404"),
        ({"delay": 5.0}, "gave no whole answer within 0.2 s"),
        ({"truncate": True}, "failed"),
        ({"name": "x" * 4_100_000}, "more than 4,000,000 bytes"),
    ],
    ids=str,
)
async def test_an_answer_that_is_bad_slow_cut_or_huge_is_no_reading(trouble, says):
    with VersionServer(ANSWER) as server:
        for name, value in trouble.items():
            setattr(server, name, value)
        patience = 0.2 if "delay" in trouble else 5.0
        source = InstanceGauges(FixedClock(), nothing_runs, timeout_seconds=patience)
        gauge = a_gauge(origin=JsonNumber("/stats", "/a~1b/~0"))
        with pytest.raises(Unavailable, match=says):
            await source.read(an_instance(server.port), gauge)


async def test_an_instance_that_does_not_listen_or_run_has_no_value():
    source = InstanceGauges(FixedClock(), nothing_runs)
    instance = an_instance(free_port())
    with pytest.raises(Unavailable, match="nothing listens"):
        await source.read(instance, a_gauge(origin=JsonNumber("/stats", "/x")))
    with pytest.raises(Unavailable, match="no process of this instance runs"):
        await source.read(instance, a_gauge())


Until = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


async def test_memory_is_that_of_all_processes_of_the_instance(tmp_path: Path, until: Until):
    held = shlex.quote("held = bytearray(60_000_000); input()")
    child = f"tail -f /dev/null | {shlex.quote(sys.executable)} -c {held}"
    deployer = ProcessDeployer(tmp_path / "instances", lambda service, commit: tmp_path)
    instance = replace(an_instance(free_port()), line=f"{child} & wait")
    source = InstanceGauges(FixedClock(), deployer.resident_bytes)
    try:
        await deployer.start(instance)

        async def grown() -> bool:
            return ((await source.read(instance, a_gauge())).value or 0) > 60_000_000

        await until(grown)
        assert ((await source.read(instance, a_gauge())).value or 0) < 200_000_000
    finally:
        await deployer.stop(instance.id, 0)
    with pytest.raises(Unavailable, match="no process"):
        await source.read(instance, a_gauge())
