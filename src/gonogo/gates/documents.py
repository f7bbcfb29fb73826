"""Gates over what stands beside the code: secrets that are set, the runbook, documentation."""

import re

from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import DocumentationRule, GateRule, RunbookRule, SecretsRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst

S = GateStatus


def secrets(rule: SecretsRule, case: Case) -> GateResult:
    """Whether every secret is set in every environment; only names are known here."""
    known = case.dossier.secrets
    if not rule.names:
        return answer(rule, S.INCONCLUSIVE, "the rule names no secret")
    if known is None:
        return answer(rule, S.MISSING, "which secrets are set could not be read")
    absent = [
        f"{name} in {environment.name}"
        for environment in case.plan.environments
        for name in rule.names
        if name not in known.get(environment.name, frozenset())
    ]
    asked = len(rule.names) * len(case.plan.environments)
    if absent:
        reason = f"not set: {words.some(absent)}"
        number = asked - len(absent)
        return answer(rule, S.MISSING, reason, number=number, limit=asked, unit="set")
    environments = words.count(len(case.plan.environments), "environment")
    reason = f"{words.count(len(rule.names), 'secret')} set in {environments}"
    return answer(rule, S.PASS, reason, number=asked, limit=asked, unit="set")


def runbook(rule: RunbookRule, case: Case) -> GateResult:
    """Whether somebody owns a runbook and dashboards that are there."""
    for value, what in (
        (rule.runbook_owner, "nobody is named who owns the runbook"),
        (rule.runbook, "it is not said where the runbook is"),
        (rule.dashboard, "it is not said where the dashboards are"),
    ):
        if not value.strip():
            return answer(rule, S.FAIL, what)
    places = (rule.runbook, rule.dashboard)
    checks = tuple(_there(rule, case, place) for place in places if not _is_link(place))
    if checks and (result := worst(checks)).status is not S.PASS:
        return result
    reason = f"{rule.runbook_owner} owns {rule.runbook}, dashboards at {rule.dashboard}"
    return answer(rule, S.PASS, reason)


def _is_link(place: str) -> bool:
    return re.match(r"https?://[^/]", place.strip(), re.IGNORECASE) is not None


def documentation(rule: DocumentationRule, case: Case) -> GateResult:
    """Whether the documents are there and the change log speaks of this version."""
    checks = [_there(rule, case, path) for path in rule.files]
    if rule.change_log is not None:
        checks.append(_named(rule, case, rule.change_log))
    if not checks:
        return answer(rule, S.INCONCLUSIVE, "the rule names no document")
    result = worst(tuple(checks))
    alike = [check.reason for check in checks if check.status is result.status]
    return answer(rule, result.status, words.some(alike, "; "))


def _there(rule: GateRule, case: Case, path: str) -> GateResult:
    """Whether a file of the version is there and holds something."""
    files = case.dossier.files
    if files is None or path not in files:
        return answer(rule, S.MISSING, f"{path} could not be read")
    content = files[path]
    if content is None:
        return answer(rule, S.FAIL, f"{path} is not in {case.dossier.version}")
    if not content.strip():
        return answer(rule, S.FAIL, f"{path} is empty")
    return answer(rule, S.PASS, f"{path} is there")


def _named(rule: DocumentationRule, case: Case, path: str) -> GateResult:
    there = _there(rule, case, path)
    if there.status is not S.PASS:
        return there
    version = case.dossier.version
    if names_version(str((case.dossier.files or {})[path]), version):
        return answer(rule, S.PASS, f"{path} names {version}")
    return answer(rule, S.FAIL, f"{path} does not name {version}")


def names_version(text: str, version: str) -> bool:
    """Whether a text names exactly this version, with or without a leading v.

    1.3.0 is not named by 11.3.0, 1.3.0.1 or 1.3.0-rc.1.
    """
    bare = re.escape(re.sub(r"^[vV](?=\d)", "", version.strip()))
    return bool(bare) and (
        re.search(rf"(?<![\w.+-])v?{bare}(?![\w+]|[.-]\w)", text, re.IGNORECASE) is not None
    )
