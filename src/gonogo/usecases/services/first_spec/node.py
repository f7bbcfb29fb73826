"""Node services: what package.json says, or a file that listens."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic
from gonogo.usecases.services.first_spec.shell import given_port, on_port, simple, usable, word
from gonogo.usecases.services.first_spec.view import View, table, words

_FILE = "package.json"
_LISTENS = re.compile(r"\.listen\(|\bserve\(")
_ENTRIES = (
    "server.js",
    "index.js",
    "app.js",
    "main.js",
    "server.mjs",
    "index.mjs",
    "src/server.js",
)
_RUNNERS = ("node", "npm", "npx", "yarn", "pnpm", "bun", "deno")
_INSTALLERS = {
    "package-lock.json": ("npm ci", "npm"),
    "npm-shrinkwrap.json": ("npm ci", "npm"),
    "pnpm-lock.yaml": ("pnpm install --frozen-lockfile", "pnpm"),
    "yarn.lock": ("yarn install --frozen-lockfile", "yarn"),
}


def node(view: View) -> Iterator[Guess]:
    """What a Node package says of itself."""
    if not view.has(_FILE):
        return
    package = view.json(_FILE)
    if name := words(package.get("name")):
        line = view.line_of(_FILE, '"name"')
        yield view.guess(Topic.NAME, name.rpartition("/")[2], _FILE, "name", line=line)
    scripts = table(package.get("scripts"))
    lock = view.first(*_INSTALLERS)
    yield from _build(view, lock, scripts, bool(package.get("dependencies")))
    start = words(scripts.get("start"))
    if usable(start):
        line = view.line_of(_FILE, re.compile(r'"start"\s*:'))
        command = _started(start, _INSTALLERS[lock][1] if lock else "npm")
        said = Strength.SAID
        yield view.guess(Topic.RUN, command, _FILE, "scripts.start", line=line, strength=said)
    elif table(package.get("dependencies")).get("next"):
        command = 'PATH="$PWD/node_modules/.bin:$PATH" next start --port {port}'
        yield view.guess(Topic.RUN, command, _FILE, "it depends on next")
    else:
        yield from _listening(view, words(package.get("main")))


def _build(
    view: View, lock: str | None, scripts: Mapping[str, Any], depends: bool
) -> Iterator[Guess]:
    builds = usable(words(table(scripts).get("build")))
    runner = _INSTALLERS[lock][1] if lock else "npm"
    install = _INSTALLERS[lock][0] if lock else "npm install --no-audit --no-fund"
    if install == "npm ci" and not builds:
        install += " --omit=dev"
    steps = [install] if lock or depends or builds else []
    if builds:
        steps.append(f"{runner} run build")
    if steps:
        what = "scripts.build" if builds else "its dependencies"
        line = view.line_of(_FILE, re.compile(r'"build"\s*:')) if builds else None
        source = _FILE if builds or lock is None else lock
        yield view.guess(Topic.BUILD, " && ".join(steps), source, what, line=line)


def _started(start: str, runner: str) -> str:
    """The start script itself where it is one program, so that it gets its signals; else its runner."""
    if not simple(start):
        return f"PORT={{port}} {runner} start"
    found = on_port(start)
    program = re.sub(r"^(?:[A-Za-z_]\w*=\S*\s+)+", "", found).split(" ", 1)[0]
    if program in _RUNNERS or "/" in program:
        return found
    return f'PATH="$PWD/node_modules/.bin:$PATH" {found}'


def _listening(view: View, main: str) -> Iterator[Guess]:
    entry = view.first(*filter(usable, (main.removeprefix("./"),)), *_ENTRIES)
    if entry is None or not (line := view.line_of(entry, _LISTENS)):
        return
    command = given_port(f"node {word(entry)}")
    yield view.guess(Topic.RUN, command, entry, "it listens", line=line)
