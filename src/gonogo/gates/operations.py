"""Gates over how the service runs: smoke tests, its own health, alerting, backups."""

from datetime import timedelta
from math import isfinite

from gonogo.domain.dossier import Filed
from gonogo.domain.facts import (
    AlertRuleFacts,
    DrillFacts,
    HealthState,
    HealthTest,
    SiteHealthFacts,
    SmokeFacts,
)
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import AlertRulesRule, BackupRule, SiteHealthRule, SmokeRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.supply import latest, on_evidence

S = GateStatus


def smoke(rule: SmokeRule, case: Case) -> GateResult:
    """Whether the desk's smoke tests passed everywhere before customers.

    Where there is no environment before production they run there, on a version without customers.
    """
    places = case.plan.rehearsals or (case.plan.production,)
    environments = [environment.name for environment in places]

    def assess(rule: SmokeRule, facts: tuple[SmokeFacts, ...]) -> GateResult:
        by_name = {each.environment: each for each in facts}
        results = tuple(_smoke_in(rule, name, by_name.get(name)) for name in environments)
        result = worst(results)
        if result.status is not S.PASS:
            return result
        passed = sum(by_name[name].passed for name in environments)
        reason = f"{words.count(passed, 'smoke test')} passed in {words.some(environments)}"
        return answer(rule, S.PASS, reason, number=0, limit=0, unit="failed")

    return on_evidence(rule, case, SmokeFacts, assess, _last_in_each_environment)


def _last_in_each_environment(filed: tuple[Filed, ...]) -> tuple[Filed, ...]:
    """The newest run in each environment."""
    last: dict[str, Filed] = {}
    for one in sorted(filed, key=lambda one: one.content.at):
        facts = one.content.evidence.facts
        if isinstance(facts, SmokeFacts):
            last[facts.environment] = one
    return tuple(last.values())


def _smoke_in(rule: SmokeRule, environment: str, facts: SmokeFacts | None) -> GateResult:
    if facts is None or (facts.failed <= 0 and facts.passed <= 0):
        return answer(rule, S.MISSING, f"no smoke test has run in {environment}")
    if facts.failed > 0:
        total = facts.passed + facts.failed
        reason = f"{facts.failed} of {words.count(total, 'smoke test')} failed in {environment}"
        if names := words.some(f"{one.what} {one.message}".strip() for one in facts.failures):
            reason = f"{reason}: {names}"
        return answer(rule, S.FAIL, reason, number=facts.failed, limit=0, unit="failed")
    return answer(rule, S.PASS, f"passed in {environment}")


def site_health(rule: SiteHealthRule, case: Case) -> GateResult:
    """Whether the service's own health tests find nothing critical."""
    return on_evidence(rule, case, SiteHealthFacts, _site_health, latest)


def _site_health(rule: SiteHealthRule, facts: tuple[SiteHealthFacts, ...]) -> GateResult:
    tests = [test for each in facts for test in each.tests]
    if not tests:
        return answer(rule, S.MISSING, "no health test has run")
    for state, limit in ((HealthState.CRITICAL, 0), (HealthState.RECOMMENDED, rule.recommended)):
        found = [test for test in tests if test.state is state]
        if limit is not None and len(found) > limit:
            named = words.some((_named(test) for test in found), "; ")
            reason = f"{len(found)} of {words.count(len(tests), 'health test')} {_be(found)}"
            reason = f"{reason} {state.value} (at most {limit}): {named}"
            return answer(
                rule,
                S.FAIL,
                reason,
                number=len(found),
                limit=limit,
                unit=state.value,
                fix=words.some((test.remedy for test in found if test.remedy), "; "),
            )
    critical = sum(test.state is HealthState.CRITICAL for test in tests)
    reason = f"{words.count(len(tests), 'health test')}, none critical"
    return answer(rule, S.PASS, reason, number=critical, limit=0, unit="critical")


def _named(test: HealthTest) -> str:
    return f"{test.name} ({test.detail})" if test.detail else test.name


def _be(found: list[HealthTest]) -> str:
    return "is" if len(found) == 1 else "are"


def alert_rules(rule: AlertRulesRule, case: Case) -> GateResult:
    """Whether the checker of alerting rules accepts them all."""
    return on_evidence(rule, case, AlertRuleFacts, _alert_rules)


def _alert_rules(rule: AlertRulesRule, facts: tuple[AlertRuleFacts, ...]) -> GateResult:
    failed = sum(each.failed for each in facts)
    checked = sum(each.checked for each in facts)
    tools = words.some(dict.fromkeys(each.tool for each in facts))
    if failed > 0:
        first = words.some(
            f"{one.where} {one.message or one.what}".strip()
            for each in facts
            for one in each.examples
        )
        reason = f"{tools} refuses {failed} of {failed + checked}"
        reason = f"{reason}: {first}" if first else reason
        return answer(rule, S.FAIL, reason, number=failed, limit=0, unit="refused")
    if checked <= 0:
        return answer(rule, S.MISSING, f"{tools} found nothing to check")
    reason = f"{tools} accepts {checked} of {checked}"
    return answer(rule, S.PASS, reason, number=failed, limit=0, unit="refused")


def backup(rule: BackupRule, case: Case) -> GateResult:
    """Whether the last drill brought a backup back, young enough and fast enough."""
    return on_evidence(rule, case, DrillFacts, _drills, latest)


def _drills(rule: BackupRule, facts: tuple[DrillFacts, ...]) -> GateResult:
    return worst(tuple(_drill(rule, each) for each in facts))


def _drill(rule: BackupRule, facts: DrillFacts) -> GateResult:
    if not facts.restored:
        return answer(rule, S.FAIL, f"{facts.name} could not be restored")
    if not facts.smoke_passed:
        return answer(rule, S.FAIL, f"{facts.name} was restored and its smoke tests failed")
    data, restoring = f"the data of {facts.name} was", f"restoring {facts.name} took"
    checks = (
        _within(rule, facts.data_age_seconds, rule.rpo, f"how old {data}", f"{data} {{}} old"),
        _within(
            rule, facts.restore_seconds, rule.rto, f"how long {restoring}", f"{restoring} {{}}"
        ),
    )
    asked = tuple(check for check in checks if check is not None)
    if asked and (result := worst(asked)).status is not S.PASS:
        return result
    told = [f"{facts.name} was restored", *(check.reason for check in asked)]
    first = asked[0] if asked else None
    return answer(
        rule,
        S.PASS,
        ", ".join(told),
        number=first.number if first else None,
        limit=first.limit if first else None,
        unit=first.unit if first else "",
    )


def _within(
    rule: BackupRule, found: float | None, limit: timedelta | None, question: str, said: str
) -> GateResult | None:
    """A time of a drill against the most that is allowed; None when the rule does not ask."""
    if limit is None:
        return None
    if found is None or not isfinite(found) or found < 0:
        return answer(rule, S.INCONCLUSIVE, f"the drill does not say {question}")
    most = limit.total_seconds()
    told = said.replace("{}", words.span(timedelta(seconds=round(found))))
    reason = f"{told} (at most {words.span(limit)})"
    status = S.PASS if found <= most else S.FAIL
    return answer(rule, status, reason, number=found, limit=most, unit="seconds")
