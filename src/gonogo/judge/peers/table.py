"""The rules by name, and which KPIs of a release each would look at."""

from collections.abc import Callable, Mapping, Sequence

from gonogo.domain.errors import InvalidInput
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi, SlowerThan
from gonogo.judge.peers.argo import ArgoRule
from gonogo.judge.peers.flagger import FlaggerRule
from gonogo.judge.peers.kayenta import KayentaRule
from gonogo.judge.peers.rule import Rule

Names = tuple[str, ...]

RULES: Mapping[str, tuple[str, Callable[[Names, Names], Rule]]] = {
    "flagger": (
        "Flagger, its defaults (60 s, threshold 1)",
        lambda errors, slow: FlaggerRule(errors + slow),
    ),
    "flagger-docs": (
        "Flagger, its documentation's example (60 s, threshold 10)",
        lambda errors, slow: FlaggerRule(errors + slow, threshold=10),
    ),
    "argo-docs": (
        "Argo Rollouts, its documentation's example (whole service)",
        lambda errors, _: ArgoRule(errors),
    ),
    "argo-docs-by-version": (
        "Argo Rollouts, its documentation's example with a query for the canary alone",
        lambda errors, _: ArgoRule(errors, by_version=True),
    ),
    "kayenta": (
        "Kayenta as recommended (60 points of a minute, 98 %, tolerance 0.25)",
        lambda errors, slow: KayentaRule(errors + slow),
    ),
}
"""Name: what it is (a re-implementation from documented semantics) and how it is made."""


def peer_rule(name: str, kpis: Sequence[Kpi]) -> Rule:
    """The rule of this name over the KPIs that count all requests, or over all where none does.

    Raises InvalidInput for an unknown name, and when a rule has no KPI to look at.
    """
    if name not in RULES:
        raise InvalidInput(
            f'no policy is called "{name}"', hint=f"known ones: {', '.join(RULES)}, gonogo"
        )
    errors = _whole([kpi for kpi in kpis if isinstance(kpi.bad, BadStatus)])
    slow = _whole([kpi for kpi in kpis if isinstance(kpi.bad, SlowerThan)])
    if not errors:
        raise InvalidInput(f'the policy "{name}" looks at failed requests, and no KPI counts them')
    return RULES[name][1](errors, slow)


def _whole(kpis: Sequence[Kpi]) -> Names:
    whole = [kpi for kpi in kpis if kpi.endpoint == Endpoint()]
    return tuple(kpi.name for kpi in whole or kpis)
