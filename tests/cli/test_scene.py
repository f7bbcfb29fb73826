"""The demo's spec: the example's own, with what this machine and the time allow."""

from pathlib import Path

import pytest

from gonogo.cli import scene
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
