"""Whose commands a desk runs."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from tests.papers import OPS, OWNER, Desk, a_desk

from gonogo.domain.errors import NotAllowed
from gonogo.usecases.command_policy import command_policy
from gonogo.usecases.releases import lifecycle
from gonogo.usecases.services import specs

SPEC = """
service: shop
run: serve --port {port}
health: /health
smoke: [{name: home, get: /, expect: 200}]
environments: {production: {port: 8099}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: ["5% for 2m, at least 100 requests"]}
watch: 1m
gates: {smoke: required}
"""


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


def refused(told: tuple[str, ...] | None, public: bool, service: str = "shop") -> str | None:
    try:
        command_policy(told, public=public).require(service)
    except NotAllowed as error:
        return str(error)
    return None


def test_a_desk_that_its_user_alone_reaches_runs_commands_unless_it_was_told_not_to() -> None:
    assert refused(None, public=False) is None
    assert refused((), public=False) == ("the spec of shop has commands, and this desk runs none")


def test_a_desk_with_a_public_address_runs_them_for_whom_it_was_told() -> None:
    unsaid = refused(None, public=True)
    assert unsaid is not None
    assert "was not told for whom it may run any" in unsaid
    assert refused(("*",), public=True) is None
    assert refused(("shop", "bakery"), public=True) is None
    assert refused(("bakery",), public=True) == (
        "the spec of shop has commands, and this desk runs those of bakery alone"
    )


async def test_a_spec_whose_commands_are_not_run_is_not_registered_and_nothing_of_it_is_released(
    desk: Desk,
) -> None:
    context = replace(desk.context, commands=command_policy(None, public=True))
    with pytest.raises(NotAllowed, match="was not told for whom") as error:
        await specs.register(context, OPS, text=SPEC, path="gonogo.yaml", repository="/shop")
    assert error.value.hint is not None
    assert "GONOGO_ALLOW_COMMANDS" in error.value.hint
    with pytest.raises(NotAllowed, match="was not told for whom"):
        await lifecycle.start_release(context, OWNER, service="shop", version="v1.2.0")
    allowed = replace(desk.context, commands=command_policy(("shop",), public=True))
    plan = (await desk.store.registration("shop")).plan  # type: ignore[union-attr]
    done = await specs.register(
        allowed, OPS, text=SPEC, path="gonogo.yaml", repository="/shop", replaces=plan.digest
    )
    assert done.changed
