"""A first gonogo.yaml, with the reason of every guess beside it.

Guarantees: texts from a repository's files are one YAML scalar or stand in a comment on one line,
whatever they hold.
"""

import json
import re
from collections.abc import Iterator

from gonogo.usecases.services.first_spec.choosing import Chosen, migrates
from gonogo.usecases.services.first_spec.guess import Guess, Topic
from gonogo.usecases.services.first_spec.shell import within

_PLAIN = re.compile(r"[A-Za-z0-9./_][\w ./:=@{}$&+,*-]*", re.ASCII)
_LONGEST_COMMENT = 160
_NO_RUN = "echo 'write in gonogo.yaml how the service starts on port {port}'; exit 1"
_PORT = 8080


def scalar(text: str) -> str:
    """The text as one YAML scalar in a block."""
    plain = _PLAIN.fullmatch(text) and ": " not in text and text[-1] not in ": "
    return text if plain else json.dumps(text, ensure_ascii=False)


def comment(text: str) -> str:
    """The text as the rest of a comment's line."""
    shown = "".join(mark if mark.isprintable() else "?" for mark in text)
    return shown if len(shown) <= _LONGEST_COMMENT else f"{shown[:_LONGEST_COMMENT]}…"


def ports(chosen: Chosen) -> tuple[int, int]:
    """Where customers come in: staging and production."""
    guess = chosen.taken.get(Topic.PORT)
    production = _PORT if guess is None else int(guess.value)
    return (production + 1 if production < 65535 else production - 1), production


def write(service: str, folder: str, chosen: Chosen) -> str:
    """The text of the file."""
    return "\n".join(_lines(service, folder, chosen)) + "\n"


def _lines(service: str, folder: str, chosen: Chosen) -> Iterator[str]:
    yield f"# How {service} is released. `gonogo init` wrote this first version: what it guessed says"
    yield "# from where. docs/spec.md explains every key; `gonogo check --spec-only` says what it means."
    name = chosen.taken.get(Topic.NAME)
    yield f"service: {service}  # {_from(name)}" if name else f"service: {service}"
    yield ""
    yield from _commands(folder, chosen)
    yield ""
    yield from _migrations(folder, chosen)
    yield from _smoke(chosen)
    yield from _environments(chosen)
    yield from _gates(chosen)
    yield from _REST


def _from(guess: Guess) -> str:
    return comment(f"guessed from {guess.origin}")


def _commands(folder: str, chosen: Chosen) -> Iterator[str]:
    build, run = chosen.taken.get(Topic.BUILD), chosen.taken.get(Topic.RUN)
    if build is not None:
        yield "build:"
        yield f"  run: {scalar(within(folder, build.value))}  # {_from(build)}"
        yield "  within: 10m"
    if run is None:
        yield "# Nothing here says how the service starts: write its command. It must listen on {port}."
        yield f"run: {json.dumps(_NO_RUN)}"
    else:
        yield f"run: {scalar(within(folder, run.value))}  # {_from(run)}"
    yield from _seen(chosen, Topic.RUN)
    health = chosen.taken.get(Topic.HEALTH)
    if health is None:
        yield "health: /  # no health path was found: give the service one that answers 200 once it is ready"
    else:
        yield f"health: {health.value}  # {_from(health)}"
    yield from _seen(chosen, Topic.HEALTH)


def _seen(chosen: Chosen, topic: Topic) -> Iterator[str]:
    for guess in chosen.others:
        if guess.topic is topic:
            yield f"# also seen: {comment(f'{guess.value}   ({guess.origin})')}"


def _migrations(folder: str, chosen: Chosen) -> Iterator[str]:
    upgrade = chosen.taken.get(Topic.UPGRADE)
    if upgrade is None:
        return
    off = "" if migrates(chosen.taken) else "# "
    if off:
        yield "# Nothing here takes the database from DATABASE_URL, so staging might migrate customers' data."
        yield "# Take the next lines out of comments once each environment has a database of its own."
    yield f"{off}migrations:"
    yield f"{off}  upgrade: {scalar(within(folder, upgrade.value))}  # {_from(upgrade)}"
    downgrade = chosen.taken.get(Topic.DOWNGRADE)
    if downgrade is not None:
        yield f"{off}  downgrade: {scalar(within(folder, downgrade.value))}"
    yield from _seen(chosen, Topic.UPGRADE)
    yield ""


def _smoke(chosen: Chosen) -> Iterator[str]:
    health = chosen.taken.get(Topic.HEALTH)
    yield "# What a tester would try on every version. Add the requests that matter to your customers."
    yield "smoke:"
    yield "  - name: it answers"
    yield f"    get: {health.value if health else '/'}"
    yield "    expect: 200"
    yield ""


def _environments(chosen: Chosen) -> Iterator[str]:
    guess = chosen.taken.get(Topic.PORT)
    origin = _from(guess) if guess else "chosen: nothing here names a port"
    yield "# In the order of a release; the last one is production. Customers come in at its port, and gonogo"
    yield "# gives each version a port of its own behind it."
    yield "environments:"
    for name, port in zip(("staging", "production"), ports(chosen), strict=True):
        yield f"  {name}:"
        yield f"    port: {port}{f'  # {origin}' if name == 'production' else ''}"
        if Topic.DATABASE in chosen.taken:
            yield f"    # database_url: …   # {comment(chosen.taken[Topic.DATABASE].origin)}"
        if chosen.variables:
            yield "    # env:"
            for variable in chosen.variables:
                yield f"    #   {variable.value}: …   # {comment(variable.origin)}"
    yield ""


def _gates(chosen: Chosen) -> Iterator[str]:
    yield "# What a release must show before customers meet it; docs/gates.md has more."
    yield "gates:"
    yield "  smoke: required"
    yield "  freeze: required  # nothing is released after `gonogo freeze`"
    for topic in (Topic.TESTS, Topic.COVERAGE):
        if guess := chosen.taken.get(topic):
            seen = comment(f"{guess.origin} ({guess.value})")
            yield f"  # {seen}. Make it required once CI runs `gonogo evidence push`."
            yield f"  {topic.value}: advisory"
    yield ""


_REST = (
    "# What may not get worse while customers come over.",
    "kpis:",
    "  errors: {bad: 5xx, limit: 5%, ratio: 1.5}",
    "  slow: {bad: slower than 500ms, limit: 5%}",
    "",
    "rollout:",
    "  steps:",
    "    - 5% for 2m, at least 100 requests",
    "    - 25% for 5m, at least 500 requests",
    "",
    "watch: 10m  # how long a promoted version is still watched",
)
