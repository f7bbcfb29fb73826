"""The demo's spec: the example's own, with what this machine and the time allow."""

from pathlib import Path

import pytest

from gonogo.cli import beside, scene
from gonogo.cli.scene import Scene
from gonogo.domain.gate import GateKind
from gonogo.spec import load


@pytest.mark.parametrize(
    ("fast", "pytest_is_there", "tested"),
    [(False, True, True), (False, False, False), (True, True, False)],
)
def test_the_services_own_tests_are_asked_for_where_they_can_be_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fast: bool,
    pytest_is_there: bool,
    tested: bool,
) -> None:
    monkeypatch.setattr(scene, "find_spec", lambda _: object() if pytest_is_there else None)
    demo = Scene(tmp_path, fast=fast)
    plan = load(demo._spec(), "gonogo.yaml")
    kinds = {rule.kind for rule in plan.gates}
    assert (GateKind.TESTS in kinds) is tested is bool(plan.collections) is demo.runs_tests
    assert GateKind.ROLLBACK_REHEARSAL in kinds


def test_what_goes_on_beside_can_be_released_and_one_of_it_waits_for_qa() -> None:
    specs = {
        name: load(beside.spec_of(name, 8080, beside.FULL), "gonogo.yaml")
        for name in (beside.GOING_WELL, beside.HELD)
    }
    kinds = {name: {rule.kind for rule in plan.gates} for name, plan in specs.items()}
    assert GateKind.SIGN_OFFS in kinds[beside.HELD]
    assert GateKind.SIGN_OFFS not in kinds[beside.GOING_WELL]
    assert [step.share for step in specs[beside.GOING_WELL].rollout.steps] == [0.05, 0.5]
