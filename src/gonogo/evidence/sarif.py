"""SARIF 2.1.0: what code scanners found (bandit, CodeQL, semgrep, ruff and many more).

Severity is the number `security-severity` of the finding or its rule, else the level. A place that the
scanner says it could not look at (a notification of level error) is counted as unknown, the worst.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from gonogo.domain.facts import Example, FindingFacts, Severity
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document
from gonogo.evidence.wording import COMMIT, add

VERSION = "2.1.0"
LEVELS: Mapping[str, Severity | None] = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": None,
}
SCORES = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM))
NO_FINDING = frozenset({"pass", "notApplicable", "informational"})
UNDECIDED = frozenset({"open", "review"})
KINDS = NO_FINDING | UNDECIDED | {"fail"}
NOTIFICATIONS = ("toolExecutionNotifications", "toolConfigurationNotifications")


@dataclass(slots=True)
class _Tally:
    """What the runs of one tool add up to."""

    counts: Counter[Severity] = field(default_factory=Counter)
    suppressed: int = 0
    examples: list[Example] = field(default_factory=list)


def recognises(beginning: Beginning) -> bool:
    """An object with runs; the version may stand at its very end, so runs or schema must do."""
    found = outline(beginning)
    if found is None or found.is_list:
        return False
    return b"sarif" in beginning.head[:4096] or (
        "runs" in found.keys and b'"driver"' in beginning.head
    )


def read(file: BinaryIO, name: str) -> Reading:
    """Findings, for each tool. Raises InvalidInput."""
    log = read_document(file, name)
    version = log.need("version")
    if version.exact() != VERSION:
        raise version.unfit(f"is {version.text()}; SARIF is read in version {VERSION}")
    runs = list(log.need("runs").items())
    if not runs:
        raise log.need("runs").unfit("is empty: no scanner ran")
    tallies: dict[str, _Tally] = {}
    for run in runs:
        tool = run.need("tool").need("driver").need("name").text()
        _read_run(run, tallies.setdefault(tool, _Tally()))
    return Reading(
        tuple(
            FindingFacts(tool, dict(tally.counts), tally.suppressed, tuple(tally.examples))
            for tool, tally in tallies.items()
        ),
        _commit(runs),
        _at(runs),
    )


def _read_run(run: Node, tally: _Tally) -> None:
    results = run.find("results")
    if results is None:
        raise run.unfit("has no results: nothing was looked for")
    for invocation in _list(run, "invocations"):
        success = invocation.find("executionSuccessful")
        if success is not None and not success.flag():
            raise success.unfit("is false: the scanner did not finish")
        _read_notifications(invocation, tally)
    rules = _Rules(run)
    for result in results.items():
        rule = rules.of(result)
        severity = _severity(result, rule)
        if severity is None:
            continue
        if _suppressed(result):
            tally.suppressed += 1
            continue
        tally.counts[severity] += 1
        add(tally.examples, _rule_name(result, rule), _where(result), _message(result))


def _read_notifications(invocation: Node, tally: _Tally) -> None:
    for key in NOTIFICATIONS:
        for notification in _list(invocation, key):
            level = notification.find("level")
            if level is not None and level.exact() == "error":
                tally.counts[Severity.UNKNOWN] += 1
                add(tally.examples, "not looked at", _where(notification), _message(notification))


def _severity(result: Node, rule: Node | None) -> Severity | None:
    """None for what is no finding."""
    kind = result.find("kind")
    if kind is not None and kind.exact() not in KINDS:
        raise kind.unfit(f'"{kind.text()}" is no kind of result')
    baseline = result.find("baselineState")
    if baseline is not None and baseline.exact() == "absent":
        return None
    if kind is not None and kind.exact() in NO_FINDING:
        return None
    if kind is not None and kind.exact() in UNDECIDED:
        return Severity.UNKNOWN
    for owner in (result, rule):
        score = _score(owner)
        if score is not None:
            return next((severity for least, severity in SCORES if score >= least), Severity.LOW)
    level = result.find("level")
    if level is None and rule is not None:
        defaults = rule.find("defaultConfiguration")
        level = defaults.find("level") if defaults is not None else None
    if level is None:
        return Severity.MEDIUM
    if level.exact() not in LEVELS:
        raise level.unfit(f'"{level.text()}" is no level')
    return LEVELS[level.exact()]


def _score(owner: Node | None) -> float | None:
    properties = owner.find("properties") if owner is not None else None
    said = properties.find("security-severity") if properties is not None else None
    if said is None:
        return None
    try:
        score = float(said.exact()) if isinstance(said.value, str) else said.number()
    except ValueError:
        score = -1.0
    if not 0 <= score <= 10:
        raise said.unfit("is no number from 0 to 10")
    return score


class _Rules:
    """The rules of one run's driver and extensions, found as a result refers to them."""

    def __init__(self, run: Node) -> None:
        tool = run.need("tool")
        driver = list(_list(tool.need("driver"), "rules"))
        self._sets = [driver, *(list(_list(each, "rules")) for each in _list(tool, "extensions"))]
        self._by_id: dict[str, Node] = {}
        for rules in self._sets:
            for rule in rules:
                self._by_id.setdefault(rule.need("id").exact(), rule)

    def of(self, result: Node) -> Node | None:
        """The rule of a result; None when the report does not describe it."""
        reference = result.find("rule")
        index, chosen = result.find("ruleIndex"), 0
        if reference is not None:
            index = reference.find("index") or index
            component = reference.find("toolComponent")
            number = component.find("index") if component is not None else None
            chosen = int(number.number()) + 1 if number is not None else 0
        if index is not None and index.number() >= 0:
            if not 0 <= chosen < len(self._sets) or index.count() >= len(self._sets[chosen]):
                raise index.unfit("points at no rule")
            return self._sets[chosen][index.count()]
        named = result.find("ruleId") or (reference.find("id") if reference is not None else None)
        return _named(named.exact(), self._by_id) if named is not None else None


def _named(name: str, rules: Mapping[str, Node]) -> Node | None:
    """A rule, or the one above it: `CA1000/1` refines `CA1000`."""
    while name not in rules and "/" in name:
        name = name.rpartition("/")[0]
    return rules.get(name)


def _suppressed(result: Node) -> bool:
    """Someone said so, and nobody still has to accept it."""
    states = [each.find("status") for each in _list(result, "suppressions")]
    return bool(states) and all(state is None or state.exact() == "accepted" for state in states)


def _rule_name(result: Node, rule: Node | None) -> str:
    named = result.find("ruleId") or (rule.find("id") if rule is not None else None)
    return named.text() if named is not None else ""


def _where(owner: Node) -> str:
    for location in _list(owner, "locations"):
        physical = location.find("physicalLocation")
        if physical is None:
            continue
        artifact, region = physical.find("artifactLocation"), physical.find("region")
        uri = artifact.find("uri") if artifact is not None else None
        line = region.find("startLine") if region is not None else None
        return (uri.text() if uri is not None else "") + (f":{line.count()}" if line else "")
    return ""


def _message(owner: Node) -> str:
    message = owner.find("message")
    if message is None:
        return ""
    said = message.find("text") or message.find("id")
    return said.text() if said is not None else ""


def _commit(runs: Iterable[Node]) -> str | None:
    """What all runs say; None where it is no commit of git. Raises InvalidInput when they differ."""
    found: str | None = None
    for run in runs:
        for source in _list(run, "versionControlProvenance"):
            revision = source.find("revisionId")
            if revision is None or not COMMIT.fullmatch(revision.exact().lower()):
                continue
            if found is not None and found != revision.commit():
                raise revision.unfit(f"is {revision.text()}, but another run was of {found}")
            found = revision.commit()
    return found


def _at(runs: Iterable[Node]) -> datetime | None:
    """When the first of the runs ended; None when one of them does not say."""
    ends: list[datetime] = []
    for run in runs:
        said = [each.find("endTimeUtc") for each in _list(run, "invocations")]
        own = [end.instant() for end in said if end is not None]
        if not own:
            return None
        ends.append(max(own))
    return min(ends)


def _list(owner: Node, key: str) -> Iterator[Node]:
    found = owner.find(key)
    return found.items() if found is not None else iter(())


SARIF = Format("sarif", recognises, read)
