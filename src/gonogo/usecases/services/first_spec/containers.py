"""What a Procfile, a Dockerfile and a compose file say: how it starts, its port, its health."""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.python import environment_made
from gonogo.usecases.services.first_spec.shell import from_virtualenv, literal, on_port, usable
from gonogo.usecases.services.first_spec.view import View
from gonogo.usecases.services.first_spec.yaml_nodes import (
    Scalar,
    children,
    document,
    member,
    scalars,
)

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_PROCESS = re.compile(r"^(web|release):\s*(\S.*)$")
_INSTRUCTION = re.compile(
    r"^\s*(FROM|CMD|ENTRYPOINT|EXPOSE|ENV|HEALTHCHECK)\s+(.*)$", re.IGNORECASE
)
_URL_PATH = re.compile(r"https?://[^/\s\"']+(/[\w./-]*)")
_PORT = re.compile(r"\bPORT[= ](\d{2,5})\b")
_PUBLISHED = re.compile(r"(?:^|:)(\d{2,5})(?::\d{2,5})?(?:/tcp)?$")
_SHELL = re.compile(r"^(?:/bin/)?(?:sh|bash)$")


def procfile(view: View) -> Iterator[Guess]:
    """The web and release processes."""
    for number, found, _ in view.matches("Procfile", _PROCESS):
        if not usable(found[2]):
            continue
        if found[1] == "web":
            topic, command = Topic.RUN, _own(view, on_port(found[2]))
        else:
            topic, command = Topic.UPGRADE, _own(view, literal(found[2].strip()))
        said = Strength.SAID
        yield view.guess(topic, command, "Procfile", found[1], line=number, strength=said)


def dockerfile(view: View) -> Iterator[Guess]:
    """The last stage of a Dockerfile."""
    said: dict[str, tuple[int, str]] = {}
    for number, line in _instructions(view.text("Dockerfile")):
        if not (found := _INSTRUCTION.match(line)):
            continue
        word = found[1].upper()
        if word == "FROM":
            said.clear()
        elif word != "ENV" or _PORT.search(found[2]):
            said[word] = number, found[2].strip()
    yield from _started(view, said)
    for word in ("ENV", "EXPOSE"):
        number, rest = said.get(word, (0, ""))
        if port := re.search(r"\b(\d{2,5})\b", rest):
            yield view.guess(Topic.PORT, port[1], "Dockerfile", word, line=number)
    number, rest = said.get("HEALTHCHECK", (0, ""))
    if path := _URL_PATH.search(rest):
        what, sure = "HEALTHCHECK", Strength.SAID
        yield view.guess(Topic.HEALTH, path[1], "Dockerfile", what, line=number, strength=sure)


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Instructions on one line each, with the line at which they begin."""
    begun, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not begun:
            start = number
        if line.lstrip().startswith("#"):
            continue
        begun += line.rstrip().removesuffix("\\") + " "
        if not line.rstrip().endswith("\\") or len(begun) > 10_000:
            yield start, begun
            begun = ""
    yield start, begun


def _started(view: View, said: dict[str, tuple[int, str]]) -> Iterator[Guess]:
    number, rest = said.get("CMD") or said.get("ENTRYPOINT") or (0, "")
    line = _shell_line(rest)
    if "CMD" in said and "ENTRYPOINT" in said:
        line = f"{_shell_line(said['ENTRYPOINT'][1])} {line}"
    if not usable(line) or line.startswith("/"):
        return  # an absolute path is there in the container alone
    what = "CMD" if "CMD" in said else "ENTRYPOINT"
    command = _own(view, on_port(line))
    sure = Strength.SAID if not line.startswith("./") else Strength.WEAK
    yield view.guess(Topic.RUN, command, "Dockerfile", what, line=number, strength=sure)


def _shell_line(rest: str) -> str:
    """Either form of CMD as one shell line."""
    if not rest.startswith("["):
        return rest.removeprefix("exec ").strip()
    try:
        found = json.loads(rest)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return ""
    if len(found) == 3 and _SHELL.match(found[0]) and found[1] in {"-c", "-lc"}:
        return str(found[2]).strip().removeprefix("exec ")
    return shlex.join(found)


def _own(view: View, command: str) -> str:
    return from_virtualenv(command) if environment_made(view) else command


def compose(view: View) -> Iterator[Guess]:
    """The one service of a compose file that is built from this folder."""
    path = view.first(*COMPOSE)
    if path is None:
        return
    built = [(name, each) for name, each in _services(view, path) if _is_built_here(each)]
    if len(built) != 1:
        return
    name, service = built[0]
    yield view.guess(Topic.NAME, name.text, path, "services", line=name.line)
    command = member(service, "command")
    if isinstance(command, Scalar) and usable(command.text) and not command.text.startswith("/"):
        line, what = _own(view, on_port(command.text)), f"services.{name.text}.command"
        yield view.guess(Topic.RUN, line, path, what, line=command.line)
    for scalar in scalars(member(service, "ports")):
        if found := _PUBLISHED.search(scalar.text):
            what = f"services.{name.text}.ports"
            sure = Strength.SAID
            yield view.guess(Topic.PORT, found[1], path, what, line=scalar.line, strength=sure)
    for scalar in scalars(member(service, "healthcheck")):
        if found := _URL_PATH.search(scalar.text):
            what = f"services.{name.text}.healthcheck"
            sure = Strength.SAID
            yield view.guess(Topic.HEALTH, found[1], path, what, line=scalar.line, strength=sure)


def _services(view: View, path: str) -> Iterator[tuple[Scalar, Any]]:
    yield from children(member(document(view.text(path)), "services"))


def _is_built_here(service: Any) -> bool:  # noqa: ANN401 - a node of any kind
    build = member(service, "build")
    context = member(build, "context") or build
    if not isinstance(context, Scalar):
        return False
    return context.text.rstrip("/") in {".", ""}
