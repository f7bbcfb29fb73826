"""The patch guard by itself: one change of a repository against its limits, without a desk.

The limits are those of the commit that the change starts from, where that has a gonogo.yaml that can be
read: so a change cannot raise its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gonogo.domain.change import Change, Merge
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import GonogoError, InvalidInput, NotFound, sentence
from gonogo.domain.facts import ChangeFacts
from gonogo.domain.gate import GateMode, GateResult, GateStatus
from gonogo.domain.gate_rules import PatchGuardRule, PatchLimit
from gonogo.domain.plan import Plan
from gonogo.gates.patch_guard import facts_of, patch_guard, warning
from gonogo.ports.history import History
from gonogo.usecases.services.specs import check_spec

SPEC = "gonogo.yaml"
DEFAULT_BASES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")

TARGETS = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CHANGE_TARGET",
)
"""Where CI systems say which branch a change goes into: GitHub, GitLab, Azure, Bitbucket, Jenkins."""

SOURCES = (
    "GITHUB_HEAD_REF",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH",
    "CHANGE_BRANCH",
    "GITHUB_REF_NAME",
    "CI_COMMIT_REF_NAME",
    "BUILD_SOURCEBRANCH",
    "BITBUCKET_BRANCH",
    "BRANCH_NAME",
)
"""Where they say which branch is built; those of a pull request first."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to look at. None is found out: `base` and `branch` from CI's `variables` or git.

    `spec` is the text of the gonogo.yaml of the working folder, or None; with `spec_named` a person
    named it (`spec_path`), and it counts whatever the commit before says.
    """

    repository: str
    commit: str = "HEAD"
    base: str | None = None
    branch: str | None = None
    recent: int | None = None
    spec: str | None = None
    spec_path: str = SPEC
    spec_named: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What came of it. `facts` and `limit` are None where the change could not be read.

    `warning` tells of the last changes that came in, "" when there is nothing to tell; `limits_from`
    says where the limits stand; `starts` maps a path to its first new line.
    """

    result: GateResult
    commit: str
    facts: ChangeFacts | None = None
    limit: PatchLimit | None = None
    base: str = ""
    warning: str = ""
    limits_from: str = ""
    notes: tuple[str, ...] = ()
    starts: Mapping[str, int] = field(default_factory=dict)


async def guard_change(history: History, request: Request, now: datetime) -> Guarded:
    """Hold one change against its limits; MISSING when the repository cannot tell.

    Raises InvalidInput for a commit or base that a person named and that is not there, and for a spec
    that is not valid.
    """
    try:
        base, change = await change_of(history, request)
    except NotFound as error:
        raise InvalidInput(str(error), hint=error.hint) from error
    except InvalidInput as error:
        return Guarded(_untold(sentence(error)), request.commit)
    rule, limits_from, notes = await _rule(history, request, change)
    change = replace(change, branch=branch_of(request) or change.branch)
    if request.recent is not None:
        rule = replace(rule, recent=request.recent)
    recent, more = await _recent(history, request, base, rule)
    result = patch_guard(rule, Dossier("", "", change.head, change=change, merges=()), now)
    if rule.mode is GateMode.OFF:
        reason = f"the patch guard is switched off: {rule.because}"
        result = replace(result, status=GateStatus.NOT_APPLICABLE, reason=reason, fix="")
    elif not change.files:
        result = replace(result, reason=f"nothing changed since {base}")
    facts = facts_of(change, rule)
    return Guarded(
        result=result,
        commit=change.head,
        facts=facts,
        limit=rule.limits[facts.branch_type] if facts.branch_type else rule.other,
        base=base,
        warning=warning(rule, recent),
        limits_from=limits_from,
        notes=(*notes, *more),
        starts={path: ranges[0][0] for path, ranges in change.added_lines.items() if ranges},
    )


def rule_of(plan: Plan) -> PatchGuardRule:
    """The plan's patch guard, or the default one."""
    return next((each for each in plan.gates if isinstance(each, PatchGuardRule)), PatchGuardRule())


def guarded_view(found: Guarded) -> dict[str, Any]:
    """As JSON; null stands for what could not be told."""
    facts, limit = found.facts, found.limit
    return {
        "status": found.result.status.value,
        "mode": found.result.mode.value,
        "reason": found.result.reason,
        "fix": found.result.fix or None,
        "commit": found.commit,
        "base": found.base or None,
        "merge_base": facts.base if facts else None,
        "branch": facts.branch if facts else None,
        "type": facts.branch_type if facts else None,
        "files": facts.files if facts else None,
        "lines": facts.lines if facts else None,
        "ignored": facts.ignored if facts else None,
        "limits": {"files": limit.files, "lines": limit.lines} if limit else None,
        "limits_from": found.limits_from or None,
        "largest": [
            {"path": each.where, "lines": each.what} for each in (facts.largest if facts else ())
        ],
        "warning": found.warning or None,
        "notes": list(found.notes),
    }


async def change_of(history: History, request: Request) -> tuple[str, Change]:
    """The change, with the name of the base that was there to compare with.

    Raises NotFound for what a person named, InvalidInput for what cannot be told.
    """
    try:
        await history.files(request.repository, request.commit, ())
    except NotFound as error:
        if request.commit == "HEAD":
            raise InvalidInput(f"{request.repository} has no commits yet") from error
        raise
    bases = _bases(request)
    last: NotFound | None = None
    for base in bases:
        try:
            return base, await history.change(request.repository, base, request.commit)
        except NotFound as error:
            last = error
    if request.base is not None and last is not None:
        raise last
    raise InvalidInput(
        f"there is nothing to compare with: {request.repository} has none of {', '.join(bases)}",
        hint="say what the change goes into: --base origin/main; in CI fetch that branch first",
    ) from last


def _bases(request: Request) -> tuple[str, ...]:
    if request.base is not None:
        return (request.base,)
    target = _first(TARGETS, request.variables)
    return (f"origin/{target}", target) if target else DEFAULT_BASES


def branch_of(request: Request) -> str | None:
    """The branch that is judged: the one that was named, else the one that CI builds; None: not known."""
    if request.branch is not None or request.commit != "HEAD":
        return request.branch  # what CI builds says nothing of another commit
    return _first(SOURCES, request.variables)


def _first(names: Iterable[str], variables: Mapping[str, str]) -> str | None:
    found = next((variables[name] for name in names if variables.get(name)), None)
    return found.removeprefix("refs/heads/") if found else None


async def _rule(
    history: History, request: Request, change: Change
) -> tuple[PatchGuardRule, str, tuple[str, ...]]:
    """The rule, where it stands, and what is to be said of that."""
    notes: tuple[str, ...] = ()
    if not request.spec_named:
        before = (await history.files(request.repository, change.base, (SPEC,)))[SPEC]
        if before is not None:
            place = f"{SPEC} of {change.base[:12]}"
            try:
                return rule_of(check_spec(before, place)), place, ()
            except InvalidInput:
                notes = (f"{place} cannot be read, so the limits are not taken from it",)
    if request.spec is None:
        return PatchGuardRule(), "the defaults", notes
    plan = check_spec(request.spec, request.spec_path)
    return rule_of(plan), request.spec_path, notes


async def _recent(
    history: History, request: Request, base: str, rule: PatchGuardRule
) -> tuple[tuple[Merge, ...] | None, tuple[str, ...]]:
    """The last changes that came into the base, as many as are asked for."""
    if not rule.recent:
        return (), ()
    try:
        return await history.merges(request.repository, base, limit=rule.recent), ()
    except GonogoError as error:  # they are a warning alone: the change itself is told without them
        return None, (f"the last changes of {base} were not looked at: {error}",)


def _untold(reason: str) -> GateResult:
    rule = PatchGuardRule()
    return GateResult(rule.kind, rule.mode, GateStatus.MISSING, reason)
