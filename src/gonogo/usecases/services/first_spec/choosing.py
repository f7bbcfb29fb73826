"""Which guesses are taken, and what nobody could guess."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gonogo.usecases.services.first_spec.detectors import OTHERS, STARTERS, Detector
from gonogo.usecases.services.first_spec.guess import Gap, Guess, Strength, Topic
from gonogo.usecases.services.first_spec.health import reads_port
from gonogo.usecases.services.first_spec.migrations import at_start
from gonogo.usecases.services.first_spec.shell import usable
from gonogo.usecases.services.first_spec.view import View

_PATH = re.compile(r"/[\w./~-]{0,200}")
_LOWEST_PORT = 1024
_BUILT_BY: Mapping[str, re.Pattern[str]] = {
    "python": re.compile(r"\.venv/|\bpython"),
    "node": re.compile(r"\b(?:node|npm|npx|yarn|pnpm|bun)\b|node_modules"),
    "go": re.compile(r"\./bin/service\b"),
    "java": re.compile(r"\bjava\b"),
    "php": re.compile(r"\bphp\b"),
    "ruby": re.compile(r"\b(?:bundle|ruby|rackup|puma|rails)\b"),
}
"""How a command looks that runs what this detector builds."""

_ASKS_PORT = re.compile(r"^(?:export )?PORT=\{port\}|^[A-Z_]+=\S+ PORT=\{port\}")
_READS_PORT_BY_ITSELF = re.compile(
    r"\b(?:next|nuxt|react-scripts|nest|remix-serve|puma|http-server)\b"
)
_NEEDS_PACKAGES = re.compile(
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|waitress-serve|flask|next|puma|rackup)\b|manage\.py"
)

_LONE: tuple[Topic, ...] = (Topic.NAME, Topic.RUN, Topic.HEALTH, Topic.PORT, Topic.UPGRADE)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One guess by topic, other values that were seen, all variables, and what is missing."""

    taken: Mapping[Topic, Guess]
    others: tuple[Guess, ...]
    variables: tuple[Guess, ...]
    gaps: tuple[Gap, ...]


def starts(view: View) -> Guess | None:
    """The likeliest way in which a service starts in this folder."""
    found = [guess for _, guess in _guesses(view, STARTERS) if guess.topic is Topic.RUN]
    return min(found, key=lambda guess: guess.strength, default=None)


def choose(view: View) -> Chosen:
    """Take the surest guess for each topic."""
    found = list(_guesses(view, {**STARTERS, **OTHERS}))
    taken: dict[Topic, Guess] = {}
    others: list[Guess] = []
    for topic in (*_LONE, Topic.DATABASE, Topic.TESTS, Topic.COVERAGE):
        fitting = sorted(_of(found, topic), key=lambda guess: guess.strength)
        if fitting:
            taken[topic] = fitting[0]
        if topic in {Topic.RUN, Topic.HEALTH, Topic.UPGRADE}:
            values = {guess.value: guess for guess in reversed(fitting)}
            others += [each for each in reversed(values.values()) if each is not fitting[0]][:2]
    _take_build(taken, found)
    _take_downgrade(taken, found)
    variables = tuple(_of(found, Topic.VARIABLE))
    return Chosen(taken, tuple(others), variables, tuple(_gaps(view, taken)))


def migrates(taken: Mapping[Topic, Guess]) -> bool:
    """Whether migrations go to the database that an environment names.

    Where nothing reads DATABASE_URL they would go to whatever is written somewhere, perhaps customers'
    database while a version is in staging; so then they are only proposed.
    """
    return Topic.UPGRADE in taken and Topic.DATABASE in taken


def _guesses(view: View, detectors: Mapping[str, Detector]) -> Iterable[tuple[str, Guess]]:
    for name, detector in detectors.items():
        for guess in detector(view):
            if _fits(guess):
                yield name, guess


def _fits(guess: Guess) -> bool:
    """Whether it can be written into a spec at all."""
    if guess.topic is Topic.PORT:
        return guess.value.isdigit() and _LOWEST_PORT <= int(guess.value) <= 65535
    if guess.topic is Topic.HEALTH:
        return _PATH.fullmatch(guess.value) is not None
    return usable(guess.value)


def _of(found: Iterable[tuple[str, Guess]], topic: Topic) -> list[Guess]:
    return [guess for _, guess in found if guess.topic is topic]


def _take_build(taken: dict[Topic, Guess], found: list[tuple[str, Guess]]) -> None:
    """The build that makes what is run; a repository may have others, of its pages for example."""
    run = taken.get(Topic.RUN)
    if run is None:
        return
    for name, guess in found:
        if guess.topic is Topic.BUILD and _BUILT_BY[name].search(run.value):
            taken[Topic.BUILD] = guess
            return


def _take_downgrade(taken: dict[Topic, Guess], found: list[tuple[str, Guess]]) -> None:
    upgrade = taken.get(Topic.UPGRADE)
    for guess in _of(found, Topic.DOWNGRADE):
        if upgrade is not None and guess.path == upgrade.path:
            taken[Topic.DOWNGRADE] = guess


def _gaps(view: View, taken: Mapping[Topic, Guess]) -> Iterable[Gap]:
    run = taken.get(Topic.RUN)
    if run is None:
        yield Gap(
            Topic.RUN,
            "how the service starts: write its command, with {port} in it, in place of the one that fails",
        )
    elif run.strength is Strength.WEAK:
        yield Gap(
            Topic.RUN, f"whether it starts in this way ({run.what}): try the command yourself"
        )
    if run is not None and _hopes_for_port(run.value) and not reads_port(view):
        yield Gap(
            Topic.PORT,
            "whether it listens on the port that it is given: nothing seen here reads the variable PORT",
        )
    if run is not None and Topic.BUILD not in taken and _NEEDS_PACKAGES.search(run.value):
        yield Gap(
            Topic.BUILD,
            "what it needs: nothing here lists its packages, so they have to be on the desk's machine",
        )
    health = taken.get(Topic.HEALTH)
    if health is None:
        yield Gap(Topic.HEALTH, "a health path: / is asked instead, until the service has one")
    elif health.strength is Strength.WEAK:
        yield Gap(Topic.HEALTH, f"whether {health.value} tells of its health: try it yourself")
    if Topic.UPGRADE in taken and Topic.DATABASE not in taken:
        yield Gap(
            Topic.UPGRADE,
            "which database migrations would go to: they are proposed in comments, until the service and"
            " they take it from DATABASE_URL",
        )
    by_itself = None if Topic.UPGRADE in taken else at_start(view)
    if by_itself is not None:
        yield Gap(
            Topic.UPGRADE,
            f"migrations as a step of their own: {by_itself} runs them when the service starts, so the"
            " first canary migrates production; each must suit the version before",
        )
    if Topic.DATABASE in taken:
        yield Gap(Topic.DATABASE, "the database of each environment: write its database_url")
    if run is not None and Topic.TESTS not in taken:
        yield Gap(
            Topic.TESTS, "reports of tests: no workflow seen here makes one that gonogo reads"
        )


def _hopes_for_port(command: str) -> bool:
    """Whether the port is only told in a variable, to a program that is not known to read it."""
    return _ASKS_PORT.search(command) is not None and not _READS_PORT_BY_ITSELF.search(command)
