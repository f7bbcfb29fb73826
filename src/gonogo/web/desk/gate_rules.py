"""What a gate asks for, as a sentence: "at most 3 failed tests", "2 of QA, not the author".

One line in a table for every kind of rule; a test sees to it that none is missing.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gonogo.domain import gate
from gonogo.domain import gate_rules as g
from gonogo.language.sentences import form
from gonogo.web.desk.sentence import Sentence, Share, Value


def rule_sentences(rule: g.GateRule) -> tuple[Sentence, ...]:
    """What the rule asks for, the most important first; how old evidence may be comes last."""
    return (*RULES[rule.kind](rule), *_age(rule))


def _age(rule: g.GateRule) -> tuple[Sentence, ...]:
    if rule.kind in _WITHOUT_AGE:
        return ()
    return (Sentence(form("not older than {span}"), {"span": rule.expires}),)


_WITHOUT_AGE = frozenset(
    {
        gate.GateKind.PATCH_GUARD,
        gate.GateKind.SECRETS,
        gate.GateKind.RUNBOOK,
        gate.GateKind.DOCUMENTATION,
        gate.GateKind.RISKS,
        gate.GateKind.CHECKLISTS,
        gate.GateKind.ACKNOWLEDGEMENT,
        gate.GateKind.FREEZE,
    }
)


def _some(*parts: tuple[str, Value | None]) -> tuple[Sentence, ...]:
    """A sentence for each limit that the rule has."""
    return tuple(Sentence(text, {"value": value}) for text, value in parts if value is not None)


def _share(value: float | None) -> Share | None:
    return None if value is None else Share(value)


def _names(names: Any) -> str | None:  # noqa: ANN401 - texts of a rule
    return ", ".join(names) or None


def _tests(rule: Any) -> tuple[Sentence, ...]:  # noqa: ANN401 - the rule of its kind
    return _some(
        (form("at least {value} test cases"), rule.at_least),
        (form("at most {value} failed"), rule.failed),
        (form("at most {value} flaky"), rule.flaky),
        (form("at most {value} skipped"), _share(rule.skipped)),
        (form("in these suites: {value}"), _names(rule.suites)),
    )


def _severities(rule: Any) -> tuple[Sentence, ...]:  # noqa: ANN401 - the rule of its kind
    return _some(
        (form("at most {value} critical"), rule.critical),
        (form("at most {value} high"), rule.high),
        (form("at most {value} medium"), rule.medium),
        (form("at most {value} low"), rule.low),
    )


def _load(rule: Any) -> tuple[Sentence, ...]:  # noqa: ANN401 - the rule of its kind
    return _some(
        (form("p95 within {value}"), rule.p95),
        (form("p99 within {value}"), rule.p99),
        (form("at least {value} users at once"), rule.concurrency),
        (form("at most {value} failed requests"), _share(rule.errors)),
        (form("at least {value} requests"), rule.requests),
    )


def _sign_offs(rule: Any) -> tuple[Sentence, ...]:  # noqa: ANN401 - the rule of its kind
    needed = tuple(
        Sentence(form("{value} of {role}"), {"value": number, "role": role.words})
        for role, number in rule.needed.items()
        if number > 0
    )
    return needed if rule.author_may_sign else (*needed, Sentence(form("not the author")))


def _bounds(rule: Any) -> tuple[Sentence, ...]:  # noqa: ANN401 - the rule of its kind
    found: list[Sentence] = []
    for bound in rule.bounds:
        for said, value in (
            (form("{name} at most {value} {unit}"), bound.at_most),
            (form("{name} at least {value} {unit}"), bound.at_least),
        ):
            if value is not None:
                places = {"name": bound.measurement, "value": value, "unit": bound.unit}
                found.append(Sentence(said, places))
    return tuple(found)


def _said(*messages: str) -> Callable[[Any], tuple[Sentence, ...]]:
    return lambda _: tuple(Sentence(message) for message in messages)


K = gate.GateKind
RULES: Mapping[gate.GateKind, Callable[[Any], tuple[Sentence, ...]]] = {
    K.TESTS: _tests,
    K.COVERAGE: lambda rule: _some(
        (form("at least {value} of all lines"), _share(rule.total)),
        (form("at least {value} of changed lines"), _share(rule.changed)),
    ),
    K.LINT: lambda rule: _some(
        (form("at most {value} errors"), rule.errors),
        (form("at most {value} warnings"), rule.warnings),
        (form("reported by {value}"), _names(rule.tools)),
    ),
    K.FINDINGS: _severities,
    K.VULNERABILITIES: _severities,
    K.COMPONENTS: lambda rule: _some(
        (
            form("lowest versions: {value}"),
            _names(f"{name} {least}" for name, least in rule.minimum.items()),
        ),
        (form("none of these licences: {value}"), _names(rule.denied_licences)),
    ),
    K.LOAD_TEST: _load,
    K.MIGRATIONS: lambda rule: (
        _some((form("no hazard but {value}"), _names(hazard.value for hazard in rule.allow)))
        or _said(form("no hazardous migration"))(rule)
    ),
    K.ROLLBACK_REHEARSAL: _said(form("the version before runs on the new schema")),
    K.PATCH_GUARD: _said(form("every change small enough for its kind")),
    K.SMOKE: _said(form("smoke tests passed in every environment before production")),
    K.SITE_HEALTH: lambda rule: (
        *_said(form("nothing critical"))(rule),
        *_some((form("at most {value} recommendations"), rule.recommended)),
    ),
    K.KPIS: _bounds,
    K.ALERT_RULES: _said(form("the checker accepts every alerting rule")),
    K.ERROR_BUDGET: lambda rule: _some(
        (form("at least {value} of the error budget left"), _share(rule.at_least))
    ),
    K.INCIDENTS: lambda rule: _some((form("at most {value} open incidents"), rule.at_most)),
    K.BACKUP: lambda rule: _some(
        (form("restored in a drill, losing at most {value}"), rule.rpo),
        (form("back within {value}"), rule.rto),
    ),
    K.SECRETS: lambda rule: _some((form("set in every environment: {value}"), _names(rule.names))),
    K.RUNBOOK: _said(form("a runbook, its owner and a dashboard are named")),
    K.DOCUMENTATION: lambda rule: _some(
        (form("the version has {value}"), _names(rule.files)),
        (form("{value} names the version"), rule.change_log),
    ),
    K.RISKS: _said(form("every high or critical risk has a mitigation")),
    K.CHECKLISTS: lambda rule: (
        _some((form("complete: {value}"), _names(rule.names)))
        or _said(form("every checklist for before a release is complete"))(rule)
    ),
    K.SIGN_OFFS: _sign_offs,
    K.ACKNOWLEDGEMENT: _said(form("operations acknowledged the handoff, and its window is open")),
    K.FREEZE: _said(form("no freeze holds")),
}
"""How the rule of each kind is said."""
