"""One version of one service, and what is filed about it, for tests of gates."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.plans import a_plan

from gonogo.domain.actor import Actor, Role
from gonogo.domain.change import Change, CommitNote, FileChange
from gonogo.domain.dossier import Dossier, evidence_digest
from gonogo.domain.evidence import Evidence, Facts
from gonogo.domain.gate import GateMoment, GateResult
from gonogo.domain.gate_rules import GateRule
from gonogo.domain.paper import Content, FiledEvidence, Paper, SignOff
from gonogo.domain.plan import Plan
from gonogo.gates.evaluate import evaluate

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COMMIT, OTHER = "a1b2c3d4e5f6" + "0" * 28, "f" * 40
CI = Actor("build-bot", frozenset({Role.CI}))
QA = Actor("quinn", frozenset({Role.QA}), frozenset({"quinn@example.invalid"}))
LEAD = Actor("lee", frozenset({Role.TECH_LEAD}), frozenset({"lee@example.invalid"}))
OPS = Actor("olga", frozenset({Role.DEVOPS}))
DEV = Actor("dev", frozenset({Role.DEVELOPER}), frozenset({"dev@example.invalid"}))
_numbers = count(1)

CHANGE = Change(
    "b" * 40,
    COMMIT,
    "feature/search",
    (FileChange("src/orders/api.py", 4, 0),),
    (CommitNote(COMMIT, "Dev", "Dev@example.invalid", NOW - 2 * DAY, "Add search"),),
    {"src/orders/api.py": ((10, 13),)},
)


def paper(
    content: Content, by: Actor = QA, *, at: datetime = NOW - HOUR, commit: str | None = COMMIT
) -> Paper:
    return Paper(
        f"p{next(_numbers)}",
        "shop",
        commit,
        at,
        by.name,
        tuple(sorted(by.roles)),
        content,
        tuple(by.emails),
    )


def report(
    facts: Facts,
    *,
    name: str = "report.xml",
    by: Actor = CI,
    at: datetime = NOW - HOUR,
    commit: str | None = COMMIT,
    own: str | None = None,
    job: str = "",
) -> Paper:
    """Evidence that says of itself that it is of `at` and of commit `own`."""
    evidence = Evidence("made", name, f"{next(_numbers):064}", 100, facts, own, at)
    return paper(FiledEvidence(evidence, at, own is None, False, job), by, at=at, commit=commit)


def dossier(*papers: Paper, **changes: object) -> Dossier:
    values: dict[str, object] = {"previous": "v1", "change": CHANGE, **changes}
    return Dossier("shop", "v1.3.0", COMMIT, papers, **values)  # type: ignore[arg-type]


def signed(
    held: Dossier, by: Actor, role: Role, *, at: datetime = NOW - HOUR, commit: str | None = COMMIT
) -> Dossier:
    """The dossier with one more sign-off, for what is filed up to now."""
    digest = evidence_digest(held)
    return replace(
        held, papers=(*held.papers, paper(SignOff(role, digest), by, at=at, commit=commit))
    )


def held(
    rule: GateRule,
    known: Dossier,
    *,
    plan: Plan | None = None,
    now: datetime = NOW,
    moment: GateMoment = GateMoment.PRODUCTION,
) -> GateResult:
    """What one rule comes to."""
    plan = replace(plan or a_plan(), gates=(rule,))
    (result,) = evaluate(plan, known, now, moment)
    return result


def judged(
    rule: GateRule, *facts: Facts, plan: Plan | None = None, **changes: object
) -> GateResult:
    """What one rule comes to over fresh reports with these facts."""
    papers = [report(each, name=f"report-{place}.xml") for place, each in enumerate(facts, 1)]
    return held(rule, dossier(*papers, **changes), plan=plan)


def said(result: GateResult) -> tuple[str, str]:
    """Status and reason."""
    return result.status.value, result.reason


def counted(result: GateResult) -> tuple[float | None, float | None, str]:
    """What was held against what."""
    return result.number, result.limit, result.unit
