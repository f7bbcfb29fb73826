"""The gate over load tests: each of them must have been large enough, and fast enough."""

from datetime import timedelta
from math import isfinite

from gonogo.domain.facts import LoadFacts
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import LoadRule
from gonogo.gates import words
from gonogo.gates.case import Case, answer, worst
from gonogo.gates.supply import on_evidence

S = GateStatus


def load_test(rule: LoadRule, case: Case) -> GateResult:
    """Whether the version bears its load; of several tests the worst one counts."""
    return on_evidence(
        rule, case, LoadFacts, lambda rule, facts: worst(tuple(_one(rule, each) for each in facts))
    )


def _one(rule: LoadRule, facts: LoadFacts) -> GateResult:
    if facts.requests < rule.requests or facts.requests <= 0:
        requests = words.count(facts.requests, "request")
        reason = f"{requests} are too few to tell (at least {rule.requests})"
        return answer(
            rule,
            S.INCONCLUSIVE,
            reason,
            number=facts.requests,
            limit=rule.requests,
            unit="requests",
        )
    checks = (
        _errors(rule, facts),
        _slow(rule, "p95", facts.p95_ms, rule.p95),
        _slow(rule, "p99", facts.p99_ms, rule.p99),
        _users(rule, facts.concurrency),
    )
    asked = tuple(check for check in checks if check is not None)
    if not asked:
        return answer(rule, S.INCONCLUSIVE, "the rule says no limit to hold the load test against")
    result = worst(asked)
    if result.status is not S.PASS:
        return result
    told = [words.count(facts.requests, "request"), *(check.reason for check in asked)]
    first = asked[0]
    return answer(
        rule, S.PASS, ", ".join(told), number=first.number, limit=first.limit, unit=first.unit
    )


def _errors(rule: LoadRule, facts: LoadFacts) -> GateResult | None:
    if rule.errors is None:
        return None
    part = facts.failures / facts.requests
    reason = f"{words.share_up(part)} failed (at most {words.share(rule.errors)})"
    status = S.PASS if part <= rule.errors else S.FAIL
    return answer(rule, status, reason, number=part, limit=rule.errors, unit="share")


def _slow(
    rule: LoadRule, name: str, found: float | None, limit: timedelta | None
) -> GateResult | None:
    if limit is None:
        return None
    if found is None or not isfinite(found):
        return answer(rule, S.INCONCLUSIVE, f"the load test does not say its {name}")
    most = limit / timedelta(milliseconds=1)
    reason = f"{name} {words.plain(found)} ms (at most {words.plain(most)} ms)"
    status = S.PASS if found <= most else S.FAIL
    return answer(rule, status, reason, number=found, limit=most, unit="ms")


def _users(rule: LoadRule, found: int | None) -> GateResult | None:
    if rule.concurrency is None:
        return None
    if found is None:
        return answer(rule, S.INCONCLUSIVE, "the load test does not say how many users it had")
    reason = f"{words.count(found, 'user')} at once (at least {rule.concurrency})"
    status = S.PASS if found >= rule.concurrency else S.FAIL
    return answer(rule, status, reason, number=found, limit=rule.concurrency, unit="users")
