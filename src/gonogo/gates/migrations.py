"""Gates over the schema: are its migrations safe, and does the version before run on it?"""

from gonogo.domain.facts import (
    MigrationFacts,
    Operation,
    RehearsalFacts,
    RehearsalStep,
    RehearsedStep,
)
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import MigrationsRule, RehearsalRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.supply import latest, names_commit, on_evidence

S = GateStatus


def migrations(rule: MigrationsRule, case: Case) -> GateResult:
    """Whether the pending migrations hold nothing dangerous that is not allowed."""
    if case.plan.migrations is None:
        return answer(rule, S.NOT_APPLICABLE, "the service has no migrations")
    return on_evidence(
        rule,
        case,
        MigrationFacts,
        lambda rule, facts: worst(tuple(_pending(rule, each) for each in facts)),
    )


def _pending(rule: MigrationsRule, facts: MigrationFacts) -> GateResult:
    refused = [one for one in facts.operations if one.hazard not in rule.allow]
    if refused:
        told = words.some((_told(one) for one in refused), "; ")
        operations = words.count(len(refused), "dangerous operation")
        return answer(
            rule,
            S.FAIL,
            f"{operations}: {told}",
            number=len(refused),
            limit=0,
            unit="operations",
            fix=refused[0].advice,
        )
    if len(facts.heads) > 1:
        heads = words.some(facts.heads)
        reason = (
            f"{len(facts.heads)} heads of migrations, of which only one can be applied: {heads}"
        )
        return answer(rule, S.FAIL, reason, number=len(facts.heads), limit=1, unit="heads")
    if facts.unread > 0:
        reason = f"{words.count(facts.unread, 'statement')} could not be understood"
        return answer(rule, S.INCONCLUSIVE, reason, number=facts.unread, limit=0, unit="unread")
    if not facts.revisions and not facts.statements:
        return answer(rule, S.PASS, "no migration is pending")
    pending = words.count(len(facts.revisions), "migration")
    allowed = f", {len(facts.operations)} allowed" if facts.operations else ""
    return answer(rule, S.PASS, f"{pending} read, nothing dangerous is refused{allowed}")


def _told(one: Operation) -> str:
    advice = f" ({one.advice})" if one.advice else ""
    return f"{one.what} is {one.hazard.value}{advice}"


def rollback_rehearsal(rule: RehearsalRule, case: Case) -> GateResult:
    """Whether the version before was seen to run on the new schema."""
    if case.plan.migrations is None:
        return answer(rule, S.NOT_APPLICABLE, "the service has no migrations")
    if case.dossier.previous is None:
        return answer(rule, S.NOT_APPLICABLE, "there is no version before to go back to")

    def assess(rule: RehearsalRule, facts: tuple[RehearsalFacts, ...]) -> GateResult:
        return worst(tuple(_rehearsed(rule, each, case) for each in facts))

    return on_evidence(rule, case, RehearsalFacts, assess, latest)


def _rehearsed(rule: RehearsalRule, facts: RehearsalFacts, case: Case) -> GateResult:
    dossier = case.dossier
    previous = str(dossier.previous)
    for what, found, wanted in (
        ("to", facts.version, (dossier.version, dossier.commit)),
        ("back to", facts.previous, (previous,)),
    ):
        if not any(_same(found, one) for one in wanted):
            reason = f"what was rehearsed is the way {what} {found}, not {what} {wanted[0]}"
            return answer(rule, S.STALE, reason)
    order = list(RehearsalStep)
    steps = sorted(facts.steps, key=lambda one: order.index(one.step))
    failed = next((one for one in steps if not one.passed), None)
    if failed is not None and failed.step is RehearsalStep.PREVIOUS_ON_OWN_SCHEMA:
        # It fails wherever it runs, or the rehearsal lacks something: that is no fault of the schema.
        reason = f"nothing is proven, {previous} fails on its own schema already"
        return answer(rule, S.INCONCLUSIVE, _with_detail(reason, failed))
    if failed is not None:
        return answer(rule, S.FAIL, _why(failed, facts))
    done = {one.step for one in steps}
    if not {RehearsalStep.UPGRADE, RehearsalStep.PREVIOUS_ON_NEW_SCHEMA} <= done:
        reason = f"it was not tried whether {facts.previous} runs on the schema of {facts.version}"
        return answer(rule, S.INCONCLUSIVE, reason)
    return answer(rule, S.PASS, f"{facts.previous} runs on the schema of {facts.version}")


def _same(found: str, wanted: str) -> bool:
    """Whether two words name one version: alike but for a leading v, or a commit and its beginning."""
    plain = (found.removeprefix("v"), wanted.removeprefix("v"))
    return plain[0] == plain[1] or names_commit(found, wanted)


def _why(failed: RehearsedStep, facts: RehearsalFacts) -> str:
    previous, version = facts.previous, facts.version
    what = {
        RehearsalStep.UPGRADE: f"the schema cannot be brought to {version}",
        RehearsalStep.PREVIOUS_ON_NEW_SCHEMA: f"{previous} cannot run on the schema of {version}",
        RehearsalStep.NEW_ON_NEW_SCHEMA: f"{version} cannot run on its own schema",
        RehearsalStep.DOWNGRADE: f"the schema cannot be taken back from {version}",
        RehearsalStep.PREVIOUS_AFTER_DOWNGRADE: (
            f"{previous} cannot run once the schema was taken back from {version}"
        ),
    }[failed.step]
    return _with_detail(what, failed)


def _with_detail(what: str, failed: RehearsedStep) -> str:
    return f"{what}: {failed.detail}" if failed.detail else what
