"""What a spec's commands and smoke tests refer to: placeholders, the port, variables."""

import re
from collections.abc import Iterator

from gonogo.domain.ground import SCRIPT_PLACEHOLDERS, WEIGHT_PLACEHOLDERS
from gonogo.domain.placeholders import PLACEHOLDERS, placeholders
from gonogo.spec.collection import CollectionPart
from gonogo.spec.deployment import CommandPart
from gonogo.spec.grounds import DeployPart, ScriptPart
from gonogo.spec.part import Part, Problems
from gonogo.spec.problem import Mark
from gonogo.spec.shape import SpecPart
from gonogo.spec.smoke import CommandSmokePart, HttpSmokePart
from gonogo.spec.source import Node, Row, Table, Text
from gonogo.spec.wording import did_you_mean, listed, quoted

_BUILD = ("version",)
_SEED = ("version", "database_url")
_BESIDE = ("version", "database_url", "url", "environment")

_PORT = re.compile(r"(?<!\{)\{port\}(?!\})|\$PORT\b|\$\{PORT[}:]")
_VARIABLE = re.compile(r"\$\{([^{}]{0,60})\}")


def check_commands(spec: SpecPart, problems: Problems) -> None:
    """Note every placeholder that would not be replaced."""
    lacking = [name for name, place in spec.environments.items() if place.database_url is None]
    for part, line in _commands(spec):
        allowed, where = _allowed(spec, part)
        without = _rehearsed_without(spec) if part is _seed(spec) else lacking
        for name, offset in placeholders(line):
            mark = _inside(part, line, offset)
            if name not in allowed:
                problems.note(mark, _unknown(name, allowed, where))
            elif name == "database_url" and without:
                problems.note(
                    mark,
                    f"{{database_url}} is used here, but environments.{without[0]} has no database_url",
                )
    unknown = {name for name, _ in placeholders(spec.run)} - set(PLACEHOLDERS)
    if not _PORT.search(spec.run) and not unknown:
        problems.note(
            spec.mark("run"),
            f"run has no {{port}}, so nobody would find the service: {quoted(spec.run)}; add {{port}}, "
            "or write PORT={port} before a program that reads PORT by itself",
        )


def _seed(spec: SpecPart) -> CommandPart | None:
    rehearsal = spec.migrations.rehearsal if spec.migrations is not None else None
    return None if rehearsal is None else rehearsal.seed


def _rehearsed_without(spec: SpecPart) -> list[str]:
    """The first environment, where fresh databases are made like its own and it has none."""
    rehearsal = spec.migrations.rehearsal if spec.migrations is not None else None
    name, place = next(iter(spec.environments.items()), ("", None))
    own = rehearsal is not None and rehearsal.database_url is not None
    return [] if own or place is None or place.database_url is not None else [name]


def _allowed(spec: SpecPart, part: Part) -> tuple[tuple[str, ...], str]:
    """The placeholders that a command may use, and why it may not use the others."""
    if part is spec.build:
        return _BUILD, "while building, which is done once for all environments"
    if isinstance(part, CollectionPart):
        return _BUILD, "while evidence is made, which is done before the version runs anywhere"
    if part is _seed(spec):
        return _SEED, "in a rehearsal, which belongs to no environment"
    if isinstance(part, ScriptPart):
        weighs = any(part is scripts.command.weight for scripts in _platforms(spec))
        return (
            WEIGHT_PLACEHOLDERS if weighs else SCRIPT_PLACEHOLDERS
        ), "in this script of a platform"
    if part is spec or isinstance(part, CommandSmokePart):
        return PLACEHOLDERS, ""
    return _BESIDE, "in migrations and hooks, which belong to no single instance"


def _unknown(name: str, allowed: tuple[str, ...], where: str) -> str:
    shown = listed(f"{{{known}}}" for known in allowed)
    if name in {*PLACEHOLDERS, *WEIGHT_PLACEHOLDERS} and where:
        return f"{{{name}}} is not known {where}; allowed: {shown}"
    guess = did_you_mean(f"{{{name}}}", [f"{{{known}}}" for known in allowed])
    return (
        f"unknown placeholder {{{name}}}; allowed: {shown}; "
        f"write {{{{{name}}}}} for the text itself{guess}"
    )


def _commands(spec: SpecPart) -> Iterator[tuple[Part, str]]:
    yield spec, spec.run
    if spec.build is not None:
        yield spec.build, spec.build.run
    if spec.migrations is not None:
        for command in (spec.migrations.upgrade, spec.migrations.downgrade, _seed(spec)):
            if command is not None:
                yield command, command.run
    if spec.hooks is not None:
        for hook in (*spec.hooks.before, *spec.hooks.after):
            yield hook, hook.run
    for test in spec.smoke:
        if isinstance(test, CommandSmokePart):
            yield test, test.run
    for collection in spec.evidence:
        yield collection, collection.run
    yield from _scripts(spec)


def _scripts(spec: SpecPart) -> Iterator[tuple[Part, str]]:
    for platform in _platforms(spec):
        scripts = platform.command
        for script in (scripts.deploy, scripts.read, scripts.retire, scripts.weight):
            if script is not None:
                yield script, script.run


def _platforms(spec: SpecPart) -> list[DeployPart]:
    """The environments that are deployed to by scripts."""
    return [
        each.deploy for each in spec.environments.values() if isinstance(each.deploy, DeployPart)
    ]


def _inside(part: Part, line: str, offset: int) -> Mark:
    """Where in the file the placeholder stands; for text over several lines, where the text starts."""
    node = part.node("run")
    start = part.mark("run")
    if not isinstance(node, Text) or node.folded:
        return start
    return Mark(start.line, start.column + offset + (0 if node.plain else 1))


def check_variables(spec: SpecPart, problems: Problems) -> None:
    """Note every ${variable} that no smoke test before has saved."""
    saved: list[str] = []
    for test in spec.smoke:
        if not isinstance(test, HttpSmokePart):
            continue
        for node in (test.node(test.method), test.node("headers"), test.node("json")):
            for text in _texts(node):
                for name in _VARIABLE.findall(text.text):
                    if name not in saved:
                        problems.note(text.mark, _unsaved(name, saved))
        for text in _texts(test.node("expect")):
            for name in _VARIABLE.findall(text.text):
                problems.note(
                    text.mark,
                    f"${{{name}}} is not replaced in expect; it is in path, headers and json",
                )
        saved += [name for name in test.save if name not in saved]


def _unsaved(name: str, saved: list[str]) -> str:
    known = f"saved so far: {listed(saved)}" if saved else "no variable is saved so far"
    hint = f"add save: {{{name}: …}} to a test before"
    return f"the variable ${{{name}}} is used before it is saved; {known}; {hint}{did_you_mean(name, saved)}"


def _texts(node: Node | None) -> Iterator[Text]:
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Row):
        for item in node:
            yield from _texts(item)
    elif isinstance(node, Table):
        for item in node.values():
            yield from _texts(item)
