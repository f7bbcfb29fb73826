"""Gates over test reports and the coverage of all lines."""

from fnmatch import fnmatchcase

from gonogo.domain.facts import CoverageFacts, TestFacts
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import CoverageRule, TestsRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.changed_lines import changed_part, put_together
from gonogo.gates.supply import on_evidence

S = GateStatus


def tests(rule: TestsRule, case: Case) -> GateResult:
    """Whether enough test cases ran, in every suite that is asked for, and how they ended."""
    return on_evidence(rule, case, TestFacts, _tests)


def _tests(rule: TestsRule, facts: tuple[TestFacts, ...]) -> GateResult:
    total = sum(each.total for each in facts)
    failed = sum(each.failed for each in facts)
    skipped = sum(each.skipped for each in facts)
    flaky = sum(each.flaky for each in facts)
    if failed > rule.failed:
        names = words.some(example.what for each in facts for example in each.failures)
        reason = f"{failed} of {words.count(total, 'test')} failed (at most {rule.failed})"
        reason = f"{reason}: {names}" if names else reason
        return answer(rule, S.FAIL, reason, number=failed, limit=rule.failed, unit="failed")
    if total - skipped <= 0:
        reason = f"no test ran: {skipped} were skipped" if skipped else "no test ran"
        return answer(rule, S.MISSING, reason)
    if (refused := _refused(rule, total, skipped, flaky)) is not None:
        return refused
    if absent := _absent_suites(rule, facts):
        named = words.some(f'"{name}"' for name in absent)
        return answer(rule, S.MISSING, f"no test ran in {named}")
    reason = _passed(total, failed, skipped, flaky)
    return answer(rule, S.PASS, reason, number=failed, limit=rule.failed, unit="failed")


def _refused(rule: TestsRule, total: int, skipped: int, flaky: int) -> GateResult | None:
    """The failure of tests that are too few, too often skipped or flaky, or None."""
    if total < rule.at_least:
        reason = f"{words.count(total, 'test')} in all (at least {rule.at_least})"
        return answer(rule, S.FAIL, reason, number=total, limit=rule.at_least, unit="tests")
    part = skipped / total
    if rule.skipped is not None and part > rule.skipped:
        reason = (
            f"{skipped} of {words.count(total, 'test')} were skipped,"
            f" {words.share_up(part)} (at most {words.share(rule.skipped)})"
        )
        return answer(rule, S.FAIL, reason, number=part, limit=rule.skipped, unit="share")
    if rule.flaky is not None and flaky > rule.flaky:
        reason = f"{words.count(flaky, 'flaky test')} (at most {rule.flaky})"
        return answer(rule, S.FAIL, reason, number=flaky, limit=rule.flaky, unit="flaky")
    return None


def _passed(total: int, failed: int, skipped: int, flaky: int) -> str:
    others = ((failed, "failed"), (skipped, "skipped"), (flaky, "flaky"))
    parts = [f"{words.count(total - failed - skipped, 'test')} passed"]
    parts.extend(f"{number} {name}" for number, name in others if number)
    return ", ".join(parts)


def _absent_suites(rule: TestsRule, facts: tuple[TestFacts, ...]) -> list[str]:
    """Suites asked for, by name or pattern in any case, in which no case ran."""
    ran = [
        suite.name.casefold()
        for each in facts
        for suite in each.suites
        if suite.total > suite.skipped
    ]
    return [
        name
        for name in rule.suites
        if not any(one == name.casefold() or fnmatchcase(one, name.casefold()) for one in ran)
    ]


def coverage(rule: CoverageRule, case: Case) -> GateResult:
    """Whether enough lines ran in tests: of all, and of those that this version changes."""

    def assess(rule: CoverageRule, facts: tuple[CoverageFacts, ...]) -> GateResult:
        parts = [_total(rule, facts)]
        if rule.changed is not None and parts[0].status is not S.MISSING:
            parts.append(changed_part(rule, facts, case.dossier.change))
        asked = tuple(part for part in parts if part.status is not S.NOT_APPLICABLE)
        told = "; ".join(part.reason for part in parts if part.reason)
        if not asked:
            return answer(rule, S.NOT_APPLICABLE, told or "the rule asks for no coverage")
        result = worst(asked)
        if result.status is not S.PASS:
            return result
        return answer(
            rule, S.PASS, told, number=result.number, limit=result.limit, unit=result.unit
        )

    return on_evidence(rule, case, CoverageFacts, assess)


def _total(rule: CoverageRule, facts: tuple[CoverageFacts, ...]) -> GateResult:
    counted = put_together(facts)
    if counted is None:
        reason = "reports cannot be put together: one does not say which lines of which files ran"
        return answer(rule, S.INCONCLUSIVE, reason)
    covered, total = counted
    if total <= 0:
        return answer(rule, S.MISSING, "no line was looked at")
    if rule.total is None:
        return answer(rule, S.NOT_APPLICABLE, "")
    part = covered / total
    reason = f"{words.share(part)} of {words.count(total, 'line')} ran (at least {words.share(rule.total)})"
    status = S.PASS if part >= rule.total else S.FAIL
    return answer(rule, status, reason, number=part, limit=rule.total, unit="share")
