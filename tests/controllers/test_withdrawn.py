"""Customers were taken off a harmful version before that could be stored: why is not lost."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.plans import a_plan, a_release

from gonogo.controllers import rollback
from gonogo.domain.release import Stage


@pytest.mark.parametrize(
    ("withdrawn", "told"),
    [
        ({"r1.production": "errors: 9 of 20 bad"}, "errors: 9 of 20 bad"),
        ({"r2.production": "errors: 9 of 20 bad"}, "the router's files cannot be written"),
        ({}, "the router's files cannot be written"),
    ],
)
async def test_what_fails_after_harm_was_acted_upon_does_not_take_its_place(
    monkeypatch: pytest.MonkeyPatch, withdrawn: dict[str, str], told: str
) -> None:
    causes: list[Any] = []

    async def begin(_drive: Any, cause: Any) -> None:
        causes.append(cause)

    monkeypatch.setattr(rollback, "_begin", begin)
    drive: Any = SimpleNamespace(
        world=SimpleNamespace(withdrawn=withdrawn, clock=SimpleNamespace(now=lambda: None)),
        release=a_release(stage=Stage.CANARY),
        plan=a_plan(),
    )
    await rollback.after_failure(drive, "the router's files cannot be written")
    assert [cause.reason for cause in causes] == [told]
