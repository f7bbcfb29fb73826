"""`check --patch-guard`: one change against its limits, for CI; no desk and no spec needed."""

import functools
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec, top_of
from gonogo.cli.program import Setup
from gonogo.domain.gate import GateMode, GateStatus
from gonogo.usecases.gates.patch_guard import Guarded, Request, guarded_view

EXIT_CODES: Mapping[GateStatus, int] = {
    GateStatus.PASS: output.RELEASED,
    GateStatus.NOT_APPLICABLE: output.RELEASED,
    GateStatus.FAIL: output.NO_GO,
}
"""Exit code by status; with any other it cannot be told."""

FORMATS = ("text", "json", "github", "gitlab")
OF_A_DECISION = ("text", "json", "junit", "markdown")
"""How a decision over all gates is said."""

_TITLE = "Patch guard"
_SHOWN = 9  # GitHub shows ten errors of a step; the last one is the sentence itself
_ITS_OPTIONS = ("base", "branch", "commit", "recent", "form")


def with_patch_guard(command: Callable[..., None]) -> Callable[..., None]:
    """`--patch-guard`, and what says which change is meant: with it the patch guard runs alone."""

    @click.option(
        "--patch-guard", is_flag=True, help="Hold the size of one change against its limits."
    )
    @click.option("--base", metavar="REF", help="What the change goes into.")
    @click.option(
        "--branch", metavar="NAME", help="The change's branch; its first word is its type."
    )
    @click.option("--commit", metavar="REF", help="The change's last commit; HEAD by default.")
    @click.option(
        "--recent", type=click.IntRange(0), metavar="N", help="Warn of the last N changes too."
    )
    @click.option(
        "--format",
        "form",
        type=click.Choice((*OF_A_DECISION, *FORMATS[2:])),
        help="How to say it; junit and markdown for a decision, github and gitlab for the guard.",
    )
    @functools.wraps(command)
    def guarded(setup: Setup, file: Path, *, patch_guard: bool, **given: Any) -> None:  # noqa: ANN401
        form = given["form"]
        if patch_guard:
            for name in ("here", "spec_only", "evidence"):
                if given[name]:
                    raise click.UsageError(f"--{name.replace('_', '-')} goes without --patch-guard")
            if form not in {None, *FORMATS}:
                raise click.UsageError(f"--format {form} goes without --patch-guard")
            _guard(setup, file, **{name: given[name] for name in _ITS_OPTIONS})
        if form not in {None, *OF_A_DECISION}:
            raise click.UsageError(f"--format {form} goes with --patch-guard")
        if given.pop("recent") is not None:
            raise click.UsageError("--recent goes with --patch-guard")
        command(setup, file, **given)

    return guarded


def _guard(
    setup: Setup,
    file: Path,
    *,
    base: str | None,
    branch: str | None,
    commit: str | None,
    recent: int | None,
    form: str | None,
) -> None:
    source = click.get_current_context().get_parameter_source("file")
    named = source is not click.core.ParameterSource.DEFAULT
    found = setup.program().patch_guard(
        Request(
            repository=str(top_of(Path.cwd())),
            commit=commit or "HEAD",
            base=base,
            branch=branch,
            recent=recent,
            spec=read_spec(file) if named or file.exists() else None,
            spec_path=str(file),
            spec_named=named,
            variables=dict(os.environ),
        )
    )
    _TELL[form or ("json" if setup.json else "text")](found)
    raise click.exceptions.Exit(exit_code(found))


def exit_code(found: Guarded) -> int:
    """0 passed, 20 broke a limit, 10 cannot be told."""
    if found.result.mode is not GateMode.REQUIRED and found.result.status is GateStatus.FAIL:
        return output.RELEASED
    return EXIT_CODES.get(found.result.status, output.HELD)


def text_lines(found: Guarded) -> list[str]:
    """For people, one thing a line."""
    lines = [f"{_word(found)}  {found.result.reason}"]
    facts = found.facts
    if facts is not None:
        of_type = facts.branch_type or "no known type, so the limits of others"
        lines.append(f"  compared with  {found.base} ({facts.base[:12] or 'nothing'})")
        lines.append(f"  type           {of_type}; limits from {found.limits_from}")
        if facts.ignored:
            lines.append(f"  left out       {facts.ignored} generated or lock files")
        if found.result.status is GateStatus.FAIL:
            shown = facts.largest[:_SHOWN]
            lines += [f"  {each.what:>14} {each.where}" for each in shown]
    if found.warning:
        lines.append(f"  warning        {found.warning}")
    lines += [f"  note           {note}" for note in found.notes]
    if found.result.fix:
        lines.append(f"  to do          {found.result.fix}")
    return [output.printable(line) for line in lines]


def github_lines(found: Guarded) -> list[str]:
    """GitHub's workflow commands, with a plain line at the end."""
    level = _LEVELS[exit_code(found)]
    facts = found.facts
    lines = []
    if found.result.status is GateStatus.FAIL and facts is not None:
        level = level if level == "error" else "warning"
        for each in facts.largest[:_SHOWN]:
            place = {"file": each.where, "line": str(found.starts.get(each.where, 1))}
            message = f"{each.what} lines of a change that is too large"
            lines.append(_command(level, message, {**place, "title": _TITLE}))
    lines.append(_command(level, found.result.reason, {"title": _TITLE}))
    if found.warning:
        lines.append(_command("warning", found.warning, {"title": _TITLE}))
    lines += [_command("notice", note, {"title": _TITLE}) for note in found.notes]
    # The runner also takes ##[…] within a line for a command.
    lines.append(output.printable(f"{_word(found)}  {found.result.reason}").replace("##[", "## ["))
    return lines


def gitlab_report(found: Guarded) -> list[dict[str, Any]]:
    """GitLab's code quality report: one entry for each of the largest files; none when it passed."""
    if found.facts is None:
        return [_finding("gonogo.yaml", 1, f"cannot be told: {found.result.reason}", "blocker")]
    if found.result.status is not GateStatus.FAIL:
        return []
    severity = "blocker" if exit_code(found) else "minor"
    return [
        _finding(
            each.where,
            found.starts.get(each.where, 1),
            f"{each.what} lines of a change that is too large: {found.result.reason}",
            severity,
        )
        for each in found.facts.largest
    ]


def _word(found: Guarded) -> str:
    return found.result.status.value.replace("_", " ").upper()


_LEVELS: Mapping[int, str] = {
    output.RELEASED: "notice",
    output.HELD: "error",
    output.NO_GO: "error",
}


def _command(name: str, message: str, properties: Mapping[str, str]) -> str:
    said = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {said}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _finding(path: str, line: int, description: str, severity: str) -> dict[str, Any]:
    return {
        "description": f"{_TITLE}: {description}",
        "check_name": "gonogo-patch-guard",
        # Without the counts, so that one more commit does not make it another finding.
        "fingerprint": hashlib.sha256(f"gonogo-patch-guard\0{path}".encode()).hexdigest(),
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }


def _lines(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


_TELL: Mapping[str, Callable[[Guarded], None]] = {
    "text": lambda found: _lines(text_lines(found)),
    "json": lambda found: output.data(guarded_view(found)),
    "github": lambda found: _lines(github_lines(found)),
    "gitlab": lambda found: output.data(gitlab_report(found)),
}
