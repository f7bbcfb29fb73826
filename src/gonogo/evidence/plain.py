"""The plain JSON form: what any other tool measured, told in our words.

An object with `gonogo: 1`, exactly one of the subjects in SUBJECTS and, if known, `commit` and `at`;
or just a list of measurements. An unknown key is refused: it would be something that nobody reads.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import BinaryIO

from gonogo.domain.evidence import Facts
from gonogo.domain.facts import (
    EXAMPLES,
    Component,
    ComponentFacts,
    DrillFacts,
    Example,
    HealthState,
    HealthTest,
    LoadFacts,
    Measurement,
    MeasurementFacts,
    SiteHealthFacts,
    SuiteCounts,
    TestFacts,
)
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document

VERSION = 1
STATES = tuple(state.value for state in HealthState)


def recognises(beginning: Beginning) -> bool:
    """An object with the key `gonogo`, or a list of things with a name and a value."""
    found = outline(beginning)
    if found is None:
        return False
    return {"name", "value"} <= found.keys if found.is_list else "gonogo" in found.keys


def read(file: BinaryIO, name: str) -> Reading:
    """The facts. Raises InvalidInput."""
    document = read_document(file, name)
    if isinstance(document.value, list):
        return Reading((_measurements(document),), *_stamps(document.items()))
    _only(document, "gonogo", "commit", "at", *SUBJECTS)
    version = document.need("gonogo")
    if version.count() != VERSION:
        raise version.unfit(f"is {version.count()}; version {VERSION} is read")
    subjects = [subject for subject in SUBJECTS if document.find(subject) is not None]
    if len(subjects) != 1:
        said = " and ".join(subjects) or "nothing"
        raise document.unfit(f"tells of {said}; exactly one of {', '.join(SUBJECTS)} is needed")
    subject = document.need(subjects[0])
    stamped = [document]
    if subjects[0] == "measurements":
        stamped.extend(subject.items())
    return Reading((SUBJECTS[subjects[0]](subject),), *_stamps(stamped))


def _stamps(nodes: Iterable[Node]) -> tuple[str | None, datetime | None]:
    """The one commit and the one time that a file says, once or often. Raises InvalidInput."""
    commit: str | None = None
    at: datetime | None = None
    for node in nodes:
        said = node.find("commit")
        if said is not None:
            if commit is not None and commit != said.commit():
                raise said.unfit(f"is {said.commit()}, but {commit} stands in the same file")
            commit = said.commit()
        when = node.find("at")
        if when is not None:
            if at is not None and at != when.instant():
                raise when.unfit(
                    f"is {when.text()}, but {at.isoformat()} stands in the same file",
                    hint="one file tells of one time; write a file for each",
                )
            at = when.instant()
    return commit, at


def _measurements(node: Node) -> Facts:
    found: dict[str, Measurement] = {}
    for each in node.items():
        _only(each, "name", "value", "unit", "at", "commit")
        named = each.need("name")
        if named.text() in found:
            raise named.unfit(f"{named.text()} was measured before in the same file")
        unit = _said(each, "unit")
        found[named.text()] = Measurement(_name(named), each.need("value").number(), unit)
    _some(node, found)
    return MeasurementFacts(tuple(found.values()))


def _site_health(node: Node) -> Facts:
    found: list[HealthTest] = []
    for each in node.items():
        _only(each, "name", "state", "detail", "remedy")
        state = each.need("state")
        if state.exact() not in STATES:
            raise state.unfit(f"is {state.text()}, not one of {', '.join(STATES)}")
        found.append(
            HealthTest(
                _name(each.need("name")),
                HealthState(state.exact()),
                _said(each, "detail"),
                _said(each, "remedy"),
            )
        )
    _some(node, found)
    return SiteHealthFacts(tuple(found))


def _drill(node: Node) -> Facts:
    _only(node, "name", "restored", "smoke_passed", "data_age_seconds", "restore_seconds")
    return DrillFacts(
        name=_name(node.need("name")),
        restored=node.need("restored").flag(),
        smoke_passed=node.need("smoke_passed").flag(),
        data_age_seconds=_amount(node, "data_age_seconds"),
        restore_seconds=_amount(node, "restore_seconds"),
    )


def _tests(node: Node) -> Facts:
    _only(node, "total", "passed", "failed", "skipped", "flaky", "seconds", "suites", "failures")
    total, passed, failed, skipped = (
        node.need(key).count() for key in ("total", "passed", "failed", "skipped")
    )
    if total != passed + failed + skipped:
        raise node.unfit(
            f"has {total} in total, but {passed} passed, {failed} failed and {skipped} were skipped"
        )
    if not total:
        raise node.unfit("tells of no test")
    flaky = _count(node, "flaky")
    if flaky > passed:
        raise node.unfit(f"has {flaky} flaky of {passed} that passed")
    return TestFacts(
        total=total,
        passed=passed,
        failed=failed,
        skipped=skipped,
        flaky=flaky,
        seconds=_amount(node, "seconds") or 0.0,
        suites=tuple(_suite(each) for each in _listed(node, "suites")),
        failures=tuple(_example(each) for each in _listed(node, "failures"))[:EXAMPLES],
    )


def _suite(node: Node) -> SuiteCounts:
    _only(node, "name", "total", "failed", "skipped", "flaky")
    total, failed, skipped = (node.need(key).count() for key in ("total", "failed", "skipped"))
    flaky = _count(node, "flaky")
    if failed + skipped + flaky > total:
        raise node.unfit(f"has {failed} failed, {skipped} skipped and {flaky} flaky of {total}")
    return SuiteCounts(_name(node.need("name")), total, failed, skipped, flaky)


def _example(node: Node) -> Example:
    _only(node, "what", "where", "message")
    return Example(_name(node.need("what")), _said(node, "where"), _said(node, "message"))


def _load(node: Node) -> Facts:
    _only(
        node,
        *("tool", "requests", "failures", "concurrency"),
        *("seconds", "p50_ms", "p95_ms", "p99_ms"),
    )
    requests, failures = node.need("requests").count(), node.need("failures").count()
    if not requests:
        raise node.unfit("tells of no request")
    if failures > requests:
        raise node.unfit(f"tells of more failures ({failures}) than requests ({requests})")
    users = node.find("concurrency")
    return LoadFacts(
        _name(node.need("tool")),
        requests,
        failures,
        seconds=_amount(node, "seconds"),
        p50_ms=_amount(node, "p50_ms"),
        p95_ms=_amount(node, "p95_ms"),
        p99_ms=_amount(node, "p99_ms"),
        concurrency=users.count() if users is not None else None,
    )


def _components(node: Node) -> Facts:
    found: list[Component] = []
    for each in node.items():
        _only(each, "name", "version", "licences")
        licences = tuple(licence.text() for licence in _listed(each, "licences"))
        found.append(Component(_name(each.need("name")), each.need("version").text(), licences))
    _some(node, found)
    return ComponentFacts(tuple(found))


SUBJECTS: Mapping[str, Callable[[Node], Facts]] = {
    "measurements": _measurements,
    "site_health": _site_health,
    "drill": _drill,
    "tests": _tests,
    "load": _load,
    "components": _components,
}
"""What a plain file may tell of, by its key."""


def _only(node: Node, *known: str) -> None:
    for key, below in node.members():
        if key not in known:
            raise below.unfit("is no key that is known", hint=f"known: {', '.join(known)}")


def _some(node: Node, found: object) -> None:
    if not found:
        raise node.unfit("is empty: it tells of nothing")


def _name(node: Node) -> str:
    if not node.text():
        raise node.unfit("is an empty name")
    return node.text()


def _said(node: Node, key: str) -> str:
    found = node.find(key)
    return found.text() if found is not None else ""


def _amount(node: Node, key: str) -> float | None:
    found = node.find(key)
    return found.amount() if found is not None else None


def _count(node: Node, key: str) -> int:
    found = node.find(key)
    return found.count() if found is not None else 0


def _listed(node: Node, key: str) -> list[Node]:
    found = node.find(key)
    return list(found.items()) if found is not None else []


PLAIN = Format("gonogo", recognises, read)
