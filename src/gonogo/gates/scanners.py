"""Gates over linters, code scanners and vulnerability scanners."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gonogo.domain.facts import FindingFacts, LintFacts, Severity, Vulnerability, VulnerabilityFacts
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import FindingsRule, LintRule, VulnerabilitiesRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer
from gonogo.gates.supply import on_evidence

S = GateStatus


def lint(rule: LintRule, case: Case) -> GateResult:
    """Whether linters, formatters and type checkers are content."""
    return on_evidence(rule, case, LintFacts, _lint)


def _lint(rule: LintRule, facts: tuple[LintFacts, ...]) -> GateResult:
    for number, limit, what in (
        (sum(each.errors for each in facts), rule.errors, "error"),
        (sum(each.warnings for each in facts), rule.warnings, "warning"),
    ):
        if limit is not None and number > limit:
            first = words.some(
                f"{example.where} {example.what}".strip()
                for each in facts
                for example in each.examples
            )
            reason = f"{words.count(number, what)} (at most {limit})"
            if first:
                reason = f"{reason}: {first}"
            return answer(rule, S.FAIL, reason, number=number, limit=limit, unit=f"{what}s")
    if absent := _absent(rule.tools, (each.tool for each in facts)):
        return answer(rule, S.MISSING, f"nothing was reported by {words.some(absent)}")
    errors = sum(each.errors for each in facts)
    warnings = sum(each.warnings for each in facts)
    reason = f"{words.count(errors, 'error')}, {words.count(warnings, 'warning')}"
    return answer(rule, S.PASS, reason, number=errors, limit=rule.errors, unit="errors")


def findings(rule: FindingsRule, case: Case) -> GateResult:
    """Whether code scanners found nothing worse than is allowed."""
    return on_evidence(rule, case, FindingFacts, _findings)


def _findings(rule: FindingsRule, facts: tuple[FindingFacts, ...]) -> GateResult:
    counts = Counter[Severity]()
    for each in facts:
        counts.update(each.counts)
    examples = (f"{one.where} {one.what}".strip() for each in facts for one in each.examples)
    if over := _over(rule, counts, examples, "finding"):
        return over
    if absent := _absent(rule.tools, (each.tool for each in facts)):
        return answer(rule, S.MISSING, f"nothing was reported by {words.some(absent)}")
    return _within(rule, counts, "finding")


def vulnerabilities(rule: VulnerabilitiesRule, case: Case) -> GateResult:
    """Whether what is shipped has no known weakness worse than is allowed."""
    return on_evidence(rule, case, VulnerabilityFacts, _vulnerabilities)


def _vulnerabilities(
    rule: VulnerabilitiesRule, facts: tuple[VulnerabilityFacts, ...]
) -> GateResult:
    known = _distinct(one for each in facts for one in each.vulnerabilities)
    counted = [one for one in known if one.fixed_in is not None or not rule.unfixed]
    counts = Counter(one.severity for one in counted)
    ordered = sorted(counted, key=lambda one: _PLACE[one.severity])
    over = _over(rule, counts, (_described(one) for one in ordered), "vulnerability")
    if over:
        return over
    if not known and all(each.packages == 0 for each in facts):
        return answer(rule, S.MISSING, "no package was looked at")
    if skipped := sorted({name for each in facts for name in each.skipped}):
        packages = words.count(len(skipped), "package")
        reason = f"{packages} could not be looked at: {words.some(skipped)}"
        return answer(rule, S.INCONCLUSIVE, reason, number=len(skipped), limit=0, unit="skipped")
    return _within(rule, counts, "vulnerability")


_PLACE = {severity: place for place, severity in enumerate(Severity)}


def _distinct(every: Iterable[Vulnerability]) -> list[Vulnerability]:
    """Each weakness of a package once, however many scanners name it, with the worst severity."""
    kept: list[Vulnerability] = []
    for one in sorted(every, key=lambda one: _PLACE[one.severity]):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _same(one: Vulnerability, other: Vulnerability) -> bool:
    if (one.package.casefold(), one.version) != (other.package.casefold(), other.version):
        return False
    return not {one.id, *one.aliases}.isdisjoint({other.id, *other.aliases})


def _described(one: Vulnerability) -> str:
    fixed = f", fixed in {one.fixed_in}" if one.fixed_in else ""
    return f"{one.package} {one.version} ({one.id}{fixed})"


def _absent(wanted: tuple[str, ...], reported: Iterable[str]) -> list[str]:
    """Tools that were asked for and did not report, whatever the case of their names."""
    there = {name.casefold() for name in reported}
    return [name for name in wanted if name.casefold() not in there]


def _limits(rule: FindingsRule | VulnerabilitiesRule) -> Mapping[Severity, int | None]:
    return {
        Severity.CRITICAL: rule.critical,
        Severity.HIGH: rule.high,
        Severity.MEDIUM: rule.medium,
        Severity.LOW: rule.low,
    }


def _counted(counts: Mapping[Severity, int], severity: Severity) -> int:
    """How many there are of a severity; what a report does not grade counts as critical."""
    own = counts.get(severity, 0)
    return own + counts.get(Severity.UNKNOWN, 0) if severity is Severity.CRITICAL else own


def _over(
    rule: FindingsRule | VulnerabilitiesRule,
    counts: Mapping[Severity, int],
    examples: Iterable[str],
    noun: str,
) -> GateResult | None:
    """The failure at the worst severity that has more than its limit, or None."""
    for severity, limit in _limits(rule).items():
        number = _counted(counts, severity)
        if limit is None or number <= limit:
            continue
        many = f"{severity.value} {_plural(noun)}"
        reason = f"{words.count(number, f'{severity.value} {noun}', many)} (at most {limit})"
        if severity is Severity.CRITICAL and (unknown := counts.get(Severity.UNKNOWN, 0)):
            reason = f"{reason}, {unknown} of them of unknown severity"
        if first := words.some(examples):
            reason = f"{reason}: {first}"
        return answer(rule, S.FAIL, reason, number=number, limit=limit, unit=severity.value)
    return None


def _within(
    rule: FindingsRule | VulnerabilitiesRule, counts: Mapping[Severity, int], noun: str
) -> GateResult:
    told = [
        f"{number} {severity.value}"
        for severity in _limits(rule)
        if (number := _counted(counts, severity))
    ]
    reason = ", ".join(told) if told else f"no {noun}"
    number = _counted(counts, Severity.CRITICAL)
    return answer(rule, S.PASS, reason, number=number, limit=rule.critical, unit="critical")


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
