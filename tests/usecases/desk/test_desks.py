"""What is said of desks that share a database."""

from dataclasses import replace
from typing import Any

from tests.papers import a_desk
from tests.plans import START

from gonogo.domain.desk import DeskSeen
from gonogo.domain.health import Health
from gonogo.usecases.desk.operation import examine


class Silent:
    """A store in which nobody's sign of life can be written any more."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def desks(self) -> tuple[DeskSeen, ...]:
        return (DeskSeen("north", "here", "host", "1", START, silent=True),)

    async def places(self) -> dict[tuple[str, str], str]:
        return {("shop", "production"): "here"}


class Tasks:
    def seen(self) -> tuple[()]:
        return ()

    def restarts(self) -> dict[Any, int]:
        return {}


async def test_a_desk_that_answers_does_not_say_that_it_is_gone_where_nothing_can_be_written() -> (
    None
):
    async with a_desk() as desk:
        context = replace(desk.context, store=Silent(desk.context.store), controllers=Tasks())
        found = await examine(context)
    critical = [each.detail for each in found if each.health is Health.CRITICAL]
    assert critical == [
        "no desk can say that it is at work, not even this one: the database takes no writes"
    ]
