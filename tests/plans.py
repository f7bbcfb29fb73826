"""A small plan and release that tests change where they need to."""

from datetime import UTC, datetime, timedelta

from gonogo.domain.gate_rules import SmokeRule
from gonogo.domain.plan import Environment, Health, HttpSmoke, Plan, Rollout, Step
from gonogo.domain.release import Release, Stage
from gonogo.domain.traffic import BadStatus, Kpi

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_plan(**changes: object) -> Plan:
    values: dict[str, object] = {
        "service": "shop",
        "digest": "d" * 64,
        "run": "serve --port {port}",
        "health": Health("/health", timedelta(seconds=5)),
        "environments": (Environment("staging", 8081), Environment("production", 8080)),
        "smoke": (HttpSmoke("home", "GET", "/"),),
        "kpis": (Kpi("errors", BadStatus(((500, 599),)), limit=0.05, ratio=1.5),),
        "rollout": Rollout(
            steps=(
                Step(0.1, timedelta(seconds=30), 50),
                Step(0.5, timedelta(seconds=30), 100),
            ),
            patience=timedelta(minutes=10),
            warm=timedelta(seconds=10),
        ),
        "watch": timedelta(minutes=1),
        "gates": (SmokeRule(),),
        **changes,
    }
    return Plan(**values)  # type: ignore[arg-type]


def a_release(**changes: object) -> Release:
    values: dict[str, object] = {
        "id": "r1",
        "service": "shop",
        "version": "v2",
        "commit": "c" * 40,
        "previous": "v1",
        "plan": a_plan(),
        "actor": "qa",
        "created_at": START,
        "stage": Stage.DRAFT,
        "stage_since": START,
        "reason": "asked for",
        **changes,
    }
    return Release(**values)  # type: ignore[arg-type]
