"""The gate over what is shipped: components that must be new enough, licences that must not be there."""

import re
from fnmatch import fnmatchcase
from itertools import zip_longest

from packaging.version import InvalidVersion, Version

from gonogo.domain.facts import Component, ComponentFacts
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import ComponentsRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.supply import on_evidence

S = GateStatus


def components(rule: ComponentsRule, case: Case) -> GateResult:
    """Whether the parts of what is shipped are new enough, and theirs to ship."""
    return on_evidence(rule, case, ComponentFacts, _components)


def _components(rule: ComponentsRule, facts: tuple[ComponentFacts, ...]) -> GateResult:
    every = [component for each in facts for component in each.components]
    if not every:
        return answer(rule, S.MISSING, "no component is listed")
    checks = [_new_enough(rule, name, least, every) for name, least in rule.minimum.items()]
    if rule.denied_licences:
        checks.append(_licences(rule, every))
    listed = words.count(len(every), "component")
    if not checks:
        return answer(rule, S.PASS, f"{listed} listed")
    result = worst(tuple(checks))
    alike = [check.reason for check in checks if check.status is result.status]
    if result.status is S.PASS:
        return answer(rule, S.PASS, f"{listed}: {words.some(alike, '; ')}")
    return answer(rule, result.status, words.some(alike, "; "))


def _new_enough(rule: ComponentsRule, name: str, least: str, every: list[Component]) -> GateResult:
    found = [one for one in every if _plain(one.name) == _plain(name)]
    if not found:
        return answer(rule, S.MISSING, f"{name} is not listed (at least {least})")
    results = []
    for one in found:
        older = is_older(one.version, least)
        if older is None:
            reason = f"{name} {one.version or 'without a version'} cannot be held against {least}"
            results.append(answer(rule, S.INCONCLUSIVE, reason))
        else:
            status = S.FAIL if older else S.PASS
            results.append(answer(rule, status, f"{name} is {one.version} (at least {least})"))
    return worst(tuple(results))


def is_older(version: str, least: str) -> bool | None:
    """Whether a version comes before another one; None where that cannot be told for sure.

    Versions that PEP 440 reads (which covers semantic ones) are ordered by it. Of others ("1.1.1k")
    the numbers at the front are compared, and nothing is said when these are alike.
    """
    if version == least:
        return False
    try:
        return Version(version) < Version(least)
    except InvalidVersion:
        numbers = [_numbers(version), _numbers(least)]
    if not all(numbers):
        return None
    for own, other in zip_longest(*numbers, fillvalue=0):
        if own != other:
            return own < other
    return None


def _numbers(version: str) -> list[int]:
    found = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return [int(part) for part in found[1].split(".")] if found else []


def _plain(name: str) -> str:
    """A component's name as one word, whichever of `-`, `_` and `.` it is written with."""
    return re.sub(r"[-_.]+", "-", name.strip().casefold())


def _licences(rule: ComponentsRule, every: list[Component]) -> GateResult:
    refused = [
        f"{one.name} {one.version} ({licence})"
        for one in every
        for licence in one.licences
        if _denied(licence, rule.denied_licences)
    ]
    if refused:
        return answer(rule, S.FAIL, f"licences that must not be shipped: {words.some(refused)}")
    silent = [one.name for one in every if not any(licence.strip() for licence in one.licences)]
    if silent:
        named = words.some(silent)
        reason = f"{words.count(len(silent), 'component')} without a licence: {named}"
        return answer(rule, S.INCONCLUSIVE, reason)
    return answer(rule, S.PASS, "no licence is refused")


def _denied(licence: str, denied: tuple[str, ...]) -> bool:
    """Whether a licence or an SPDX expression is refused.

    Of a plain choice ("MIT OR GPL-3.0-only") one free alternative is enough. An expression that
    is more than that is refused with any of its parts. An exception ("WITH …") changes nothing.
    """
    plain = re.fullmatch(r"\s*\(([^()]*)\)\s*|([^()]*)", licence)
    choice = re.split(r"\sOR\s", plain[1] or plain[2] or "") if plain else []
    if len(choice) > 1 and " AND " not in licence:
        return all(_denied(part, denied) for part in choice)
    names = [licence, *re.split(r"\s+(?:AND|OR|WITH)\s+|[()]", licence)]
    return any(
        fnmatchcase(name.strip().casefold(), pattern.casefold())
        for name in names
        for pattern in denied
    )
