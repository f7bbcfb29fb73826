"""Following a release: plain lines when piped, a live line below them in a terminal."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

import click

from gonogo.cli import output
from gonogo.cli.client import DeskClient
from gonogo.domain.errors import Unavailable
from gonogo.usecases.releases.decisions import DECIDED, told

_WAIT = 1.0
_UNDER = " " * 12
"""As far in as the words of a line that begins with its time."""
_ANSWERS = ("GO: ", "HOLD: ", "NO-GO: ")
_PATIENCE_SECONDS = 300.0
"""How long a desk, or its database, may be away: a restart, a failover, another desk that takes over."""
_PAUSE_SECONDS = 1.0


class _Live(Protocol):
    def say(self, line: str) -> None: ...

    def show(self, release: dict[str, Any]) -> None: ...


def follow(
    desk: DeskClient,
    reference: str,
    *,
    as_json: bool,
    hints: bool = True,
    check: Callable[[], None] = lambda: None,
) -> int:
    """Follow until the release ends or waits for a person; returns the exit code.

    Ctrl-C stops the following, not the release. `hints` end with what to do next. `check` is called
    again and again and may raise to end the following.
    """
    release: dict[str, Any] = desk.get(f"/releases/{reference}")
    identity, name = release["id"], f"{release['service']} {release['version']}"
    try:
        with _live(enabled=not as_json) as live:
            release = _until_it_rests(desk, identity, live, check)
    except KeyboardInterrupt:
        output.note("")
        output.note(f"{name} goes on without you")
        output.note(
            f"back to it: gonogo watch {identity}   take it back: gonogo rollback {identity}"
        )
        return 130
    if as_json:
        output.data(release)
    else:
        _sum_up(release)
        if hints:
            _next(release)
    return output.EXIT_CODES.get(release["stage"], output.OTHER)


def _until_it_rests(
    desk: DeskClient, identity: str, live: _Live, check: Callable[[], None]
) -> dict[str, Any]:
    after, away_since = 0, None
    while True:
        check()
        try:
            found = desk.get(f"/releases/{identity}/events", after=after, wait=_WAIT)
        except Unavailable as trouble:
            away_since = _wait_for_the_desk(trouble, away_since, identity, live)
            continue
        if away_since is not None:
            live.say("the desk answers again")
            away_since = None
        for event in found["events"]:
            after = event["sequence"]
            line = describe(event)
            if line:
                live.say(line)
        release: dict[str, Any] = found["release"]
        live.show(release)
        if not found["events"] and (release["final"] or release["waits_for_person"]):
            return release


def _wait_for_the_desk(
    trouble: Unavailable, since: float | None, identity: str, live: _Live
) -> float:
    """Wait a moment; returns since when the desk is away. Raises Unavailable when that is too long."""
    now = time.monotonic()
    if since is None:
        live.say(f"{trouble}; the release does not need this command, and it is asked again")
    elif now - since > _PATIENCE_SECONDS:
        raise Unavailable(str(trouble), hint=f"gonogo watch {identity}") from trouble
    time.sleep(_PAUSE_SECONDS)
    return now if since is None else since


def _smoke(found: Mapping[str, Any]) -> str:
    passed = sum(test["passed"] for test in found["smoke"])
    return f"smoke {found['when']}: {passed} of {len(found['smoke'])} passed"


def _rehearsed(found: Mapping[str, Any]) -> str:
    name = found["step"].replace("_", " ")
    return f"rehearsal, {name}: " + ("passed" if found["passed"] else f"failed: {found['detail']}")


def _decided(found: Mapping[str, Any]) -> str:
    """The sentence, and what blocks with what is to be done about it."""
    lines = told(found) or [str(found.get("sentence", "the gates decided"))]
    return f"\n{_UNDER}".join(lines)


_LINES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "desk:release:step": lambda found: found["reason"],
    "desk:release:waits": lambda found: found["reason"],
    "desk:release:warned": lambda found: found["reason"],
    "desk:release:promoted": lambda _: "the router sends it all customers",
    "desk:smoke:passed": _smoke,
    "desk:smoke:failed": _smoke,
    "desk:step:done": lambda found: f"{found['step']}: done",
    "desk:step:failed": lambda found: f"{found['step']}: failed",
    "desk:step:unknown": lambda found: f"{found['step']}: unknown",
    "desk:evidence:filed": lambda found: (
        f"evidence: {', '.join(each['name'] for each in found['evidence'])}"
    ),
    "desk:evidence:missing": lambda found: found["reason"],
    "desk:rehearsal:started": lambda found: (
        f"rehearses the way back to {found['previous']} in a fresh database"
    ),
    "desk:rehearsal:step": _rehearsed,
    "desk:rehearsal:impossible": lambda found: found["reason"],
    "rollback:traffic:confirmed": lambda found: (
        f"customers are back, read from the router {found['seconds']:.3f} s later"
    ),
}
"""What people are told of an audit entry; entries that are not here are for the audit alone."""


def describe(event: Mapping[str, Any]) -> str | None:
    """One audit entry as a line for people, or None for what only the audit needs."""
    found, action = event["data"], event["action"]
    if "to" in found:
        said: str = found["to"].replace("_", " ")
        if not found["reason"].startswith(_ANSWERS):  # the decision itself was told just before
            said += f": {found['reason']}"
    elif action in _LINES:
        said = _LINES[action](found)
    elif action.startswith(DECIDED):
        said = _decided(found)
    elif action.startswith("person:"):
        reason = found.get("reason")
        word = action.rpartition(":")[2].replace("_", " ")
        said = f"{event['actor']}: {word}" + (f" ({reason})" if reason else "")
    else:
        return None
    at = datetime.fromisoformat(event["at"])
    return f"{at:%H:%M:%S}  {said}"


def _sum_up(release: dict[str, Any]) -> None:
    """What the judge saw of it, where customers met it, and where it stands."""
    if release["exposed"]:
        for kpi in release["kpis"] if release["verdict"] != "no_data" else ():
            output.note(f"    {kpi['sentence']}")
        for gauge in release.get("gauges", ()):
            output.note(f"    {gauge['sentence']}")
    click.echo(output.stage_line(release))


def _next(release: dict[str, Any]) -> None:
    if release["waits_for_person"]:
        output.note(f"next: gonogo why {release['id']}, then resume, abort or rollback it")
    else:
        output.note(f"report: gonogo report {release['id']}")


@contextmanager
def _live(*, enabled: bool) -> Iterator[_Live]:
    if enabled and sys.stderr.isatty():
        from gonogo.cli.live import LiveStatus

        with LiveStatus() as live:
            yield live
    else:
        yield _Quiet()


class _Quiet:
    def say(self, line: str) -> None:
        """A line of history."""
        output.note(line)

    def show(self, release: dict[str, Any]) -> None:
        """Nothing: when piped, the lines are all there is."""
