"""`evidence push` and `evidence list`."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from gonogo.cli import output
from gonogo.cli.checkout import read_spec
from gonogo.cli.client import DeskClient
from gonogo.cli.options import with_json
from gonogo.cli.program import Setup
from gonogo.cli.reports import ReportFile, find_reports
from gonogo.domain.errors import InvalidInput
from gonogo.usecases.papers.moments import moment_of
from gonogo.usecases.services.specs import check_spec

_SPEC = Path("gonogo.yaml")


@click.group()
def evidence() -> None:
    """Push reports of tests, scanners and drills; see what was filed."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What reports are of: a tag, a commit, both, or (neither) the service as a whole."""

    tag: str | None = None
    commit: str | None = None


def _time(_: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        return moment_of(value, datetime.now(UTC))
    except InvalidInput as error:
        raise click.BadParameter(str(error), param=parameter) from error


_of_service: Callable[..., Any] = click.option(
    "--service", help="Default: the one of ./gonogo.yaml."
)


@evidence.command()
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@_of_service
@click.option(
    "--release", "version", help="The version (a git tag) they are of. Default: what HEAD is."
)
@click.option(
    "--service-wide", is_flag=True, help="They are of no one version: a drill, site health."
)
@click.option(
    "--at",
    metavar="TIME",
    callback=_time,
    help="When they were made, where they do not say it. Default: when they were last written.",
)
@click.option("--job", help="The CI job that made them. Default: as GitHub, GitLab or Jenkins say.")
@click.option("--dry-run", is_flag=True, help="Have them read and file nothing.")
@with_json
@click.pass_obj
def push(
    setup: Setup,
    paths: tuple[Path, ...],
    service: str | None,
    version: str | None,
    service_wide: bool,
    at: datetime | None,
    job: str | None,
    dry_run: bool,
) -> None:
    """Push reports, or folders of reports, to the desk, which reads them and files what they say.

    All of them are read before the first is filed.
    """
    if version and service_wide:
        raise InvalidInput("--release and --service-wide exclude each other")
    reports, aside = find_reports(paths)
    of = _Version() if service_wide else _Version(version) if version else _version_here()
    pushing = _Push(
        DeskClient(setup.home),
        service or _service_here(),
        of,
        at,
        _job(os.environ) if job is None else job,
    )
    for file in aside:
        output.note(f"left aside: {file}")
    found: list[dict[str, Any]] = []
    if dry_run or len(reports) > 1:
        found = pushing.send(reports, check=True)
    if not dry_run:
        found = pushing.send(reports)
    if setup.json:
        output.data({"service": pushing.service, "evidence": found})
        return
    for each in found:
        state = "filed already" if each["known"] else "fits" if dry_run else "filed"
        click.echo(f"{state}: {_line(each)}")


@dataclass(frozen=True, slots=True)
class _Push:
    desk: DeskClient
    service: str
    of: _Version
    at: datetime | None
    job: str

    def send(self, reports: tuple[ReportFile, ...], *, check: bool = False) -> list[dict[str, Any]]:
        """What the desk says of each piece of evidence."""
        found: list[dict[str, Any]] = []
        for report in reports:
            at = self.at or min(report.written_at, datetime.now(UTC))
            try:
                file = report.path.open("rb")
            except OSError as error:
                said = f"{report.path} cannot be read: {error.strerror}"
                raise InvalidInput(said) from error
            with file:
                found += self.desk.send(
                    _evidence_of(self.service),
                    file,
                    name=report.path.name,
                    version=self.of.tag,
                    commit=self.of.commit,
                    at=at.isoformat(),
                    job=self.job or None,
                    check=True if check else None,
                )
        return found


@evidence.command("list")
@click.argument("service")
@click.argument("version", required=False)
@with_json
@click.pass_obj
def listing(setup: Setup, service: str, version: str | None) -> None:
    """Show what was filed about VERSION (a git tag) of SERVICE, and about the service as a whole."""
    found = DeskClient(setup.home).get(_evidence_of(service), version=version)
    if setup.json:
        output.data(found)
        return
    for each in found:
        click.echo(
            f"{_line(each)}, {output.age(each['age_seconds'])} old, by {each['by']}{_job_of(each)}"
        )
    if not found:
        output.note(f"nothing was filed about {service} {version or ''}".rstrip())


def _line(each: Mapping[str, Any]) -> str:
    """One piece of evidence: what it is, and what is only its supplier's word."""
    claims = [word for word in ("commit", "at") if each[f"claimed_{word}"]]
    words = {"commit": "the commit", "at": "the time"}
    said = " and ".join(words[claim] for claim in claims)
    claimed = f" ({said} is the supplier's word)" if len(claims) == 1 else ""
    claimed = f" ({said} are the supplier's word)" if len(claims) == 2 else claimed
    about = each["commit"][:12] if each["commit"] else "the whole service"
    kind = each["kind"].replace("_", " ")
    return f"{kind}  {each['name']}  {each['digest'][:12]}  of {about}{claimed}"


def _job_of(each: Mapping[str, Any]) -> str:
    return f" in {each['job']}" if each["job"] else ""


def _evidence_of(service: str) -> str:
    return f"/services/{quote(service, safe='')}/evidence"


def _service_here() -> str:
    if not _SPEC.exists():
        raise InvalidInput(
            "which service is it? there is no gonogo.yaml in this folder", hint="add --service NAME"
        )
    return check_spec(read_spec(_SPEC), str(_SPEC)).service


def _version_here() -> _Version:
    """What HEAD is. Where that cannot be told, reports can only be of the service as a whole."""
    commit = _git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if commit is None:
        return _Version()
    return _Version(_git("describe", "--tags", "--exact-match", "HEAD"), commit)


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], capture_output=True, text=True, check=False, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else None


def _job(environ: Mapping[str, str]) -> str:
    """The CI job that runs this, as its system names it."""
    parts = (environ.get(f"GITHUB_{name}") for name in ("REPOSITORY", "RUN_ID", "JOB"))
    github = "/".join(part for part in parts if part)
    return github or environ.get("CI_JOB_URL") or environ.get("BUILD_URL") or ""
