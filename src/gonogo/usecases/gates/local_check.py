"""Go or No-Go computed here, without a desk: the gates of a gonogo.yaml over report files and git.

What only the desk knows (sign-offs, checklists, its own smoke tests, …) is missing here. With `here`
those gates are left out by name, for a check before a merge; without it they hold, as they would hold
the release.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO

from gonogo.domain.actor import PEOPLE_ROLES
from gonogo.domain.change import Change
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import GonogoError, sentence
from gonogo.domain.evidence import Evidence
from gonogo.domain.gate import Answer, Decision, GateKind, GateMode, GateMoment
from gonogo.domain.ground import Scripts
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.domain.plan import Plan
from gonogo.evidence.formats import read_report
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.ports.history import History
from gonogo.usecases.gates.gathering import files_of
from gonogo.usecases.gates.patch_guard import Request, branch_of, change_of

OF_THE_DESK = frozenset(
    {
        GateKind.SMOKE,
        GateKind.ROLLBACK_REHEARSAL,
        GateKind.SECRETS,
        GateKind.RISKS,
        GateKind.CHECKLISTS,
        GateKind.SIGN_OFFS,
        GateKind.ACKNOWLEDGEMENT,
    }
)
"""Gates that nothing on this machine but a desk can answer."""

_HERE = "this machine"


@dataclass(frozen=True, slots=True)
class LocalReport:
    """A report file: its name, how it is opened, and when it was last written."""

    name: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    written_at: datetime


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to check: by which plan, the change in its repository, and reports.

    With `here` the gates that only a desk can answer are left out.
    """

    plan: Plan
    change: Request
    reports: tuple[LocalReport, ...] = ()
    here: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The decision over `plan`, the gates that were `left` to the desk, and what could not be read."""

    plan: Plan
    decision: Decision
    left: tuple[GateKind, ...] = ()
    notes: tuple[str, ...] = ()


async def check_here(history: History, request: CheckRequest, now: datetime) -> Checked:
    """Decide as a desk would on what is known here.

    Raises InvalidInput for a report that cannot be read, NotFound for a commit or base that was named
    and is not there.
    """
    plan = request.plan
    left = tuple(rule.kind for rule in plan.gates if request.here and rule.kind in OF_THE_DESK)
    plan = replace(plan, gates=tuple(rule for rule in plan.gates if rule.kind not in left))
    where = request.change
    commit = (await history.change(where.repository, where.commit, where.commit)).head
    change, notes = await _change(history, where)
    notes += await _scripts_missing(history, where.repository, commit, plan)
    dossier = Dossier(
        service=plan.service,
        version=commit[:12],
        commit=commit,
        papers=_papers(request.reports, plan.service, commit, now),
        change=change,
        merges=(),
        recent=(),
        files=await _files(history, where.repository, commit, plan),
    )
    decision = decide(evaluate(plan, dossier, now, GateMoment.PRODUCTION), dossier, now)
    return Checked(plan, _without_desk(decision, left), left, notes)


def _without_desk(decision: Decision, left: tuple[GateKind, ...]) -> Decision:
    """Says that nothing can be said, where every required gate was left to the desk."""
    required = any(result.mode is GateMode.REQUIRED for result in decision.results)
    if required or not left:
        return decision
    return replace(
        decision, answer=Answer.HOLD, sentence="HOLD: every required gate is left to the desk"
    )


async def _change(history: History, where: Request) -> tuple[Change | None, tuple[str, ...]]:
    try:
        _, change = await change_of(history, where)
    except GonogoError as error:
        if where.base is not None:
            raise
        return None, (f"the change could not be read: {sentence(error)}",)
    return replace(change, branch=branch_of(where) or change.branch), ()


def _papers(
    reports: tuple[LocalReport, ...], service: str, commit: str, now: datetime
) -> tuple[Paper, ...]:
    found: list[Paper] = []
    for report in reports:
        with report.open() as file:
            for evidence in read_report(file, report.name):
                content = _filed(evidence, report.written_at, now)
                name = f"{_HERE}.{len(found)}"
                found.append(Paper(name, service, commit, now, _HERE, PEOPLE_ROLES, content))
    return tuple(found)


def _filed(evidence: Evidence, written_at: datetime, now: datetime) -> FiledEvidence:
    return FiledEvidence(
        evidence,
        at=evidence.at or min(written_at, now),
        claimed_commit=evidence.commit is None,
        claimed_at=evidence.at is None,
    )


async def _scripts_missing(
    history: History, repository: str, commit: str, plan: Plan
) -> tuple[str, ...]:
    """Scripts of platforms that this commit does not hold, one sentence each."""
    wanted = {
        (place.name, name): program.removeprefix("./")
        for place in plan.environments
        if isinstance(place.ground, Scripts)
        for name, program in place.ground.programs.items()
        if "/" in program and not program.startswith("/")
    }
    paths = tuple(sorted({path for path in wanted.values() if ".." not in path.split("/")}))
    found = await history.files(repository, commit, paths) if paths else {}
    made = " (unless build makes it)" if plan.build is not None else ""
    return tuple(
        f"the {name} script of {place} cannot be run: {path} is not in this commit{made}"
        for (place, name), path in wanted.items()
        if found.get(path) is None
    )


async def _files(
    history: History, repository: str, commit: str, plan: Plan
) -> Mapping[str, str | None]:
    paths = tuple(sorted({path for rule in plan.gates for path in files_of(rule)}))
    return await history.files(repository, commit, paths) if paths else {}
