"""Ticking checklists: which line, by whom, for which version, and how far they are."""

from collections.abc import AsyncIterator

import pytest
from tests.papers import CI, NEW, OPS, OTHER, QA, Desk, a_desk, shop_plan

from gonogo.domain.actor import Actor
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotAllowed, NotFound
from gonogo.domain.paper import Paper
from gonogo.usecases.papers.checklists import ChecklistState, states, tick


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def ticks(desk: Desk, item: str, actor: Actor = QA, **changes: object) -> Paper:
    values = {"service": "shop", "version": "v1.2.0", "checklist": "deploy", **changes}
    return await tick(desk.context, actor, item=item, **values)  # type: ignore[arg-type]


async def now(desk: Desk, commit: str = NEW) -> tuple[ChecklistState, ...]:
    papers = await desk.store.papers("shop", commit)
    return states(shop_plan(), Dossier("shop", "v", commit, papers), desk.clock.now())


async def test_progress_is_told_per_component(desk: Desk) -> None:
    await ticks(desk, "migrations reviewed")
    await ticks(desk, "Alerts configured", OPS)
    deploy, security = await now(desk)
    told = [(each.name, each.done, each.total) for each in deploy.components]
    assert told == [("database", 1, 2), ("monitoring", 1, 1)]
    assert (deploy.progress.done, deploy.progress.total) == (2, 3)
    assert security.components == ()


async def test_a_tick_on_one_version_says_nothing_of_another(desk: Desk) -> None:
    await ticks(desk, "Migrations reviewed")
    assert (await now(desk, OTHER))[0].progress.done == 0


async def test_an_undone_tick_is_open_again_and_both_stay_in_the_record(desk: Desk) -> None:
    await ticks(desk, "Migrations reviewed")
    await ticks(desk, "Migrations reviewed", done=False)
    assert (await now(desk))[0].progress.done == 0
    assert len(await desk.store.papers("shop", NEW)) == 2
    with pytest.raises(Conflict, match='"Migrations reviewed" is not ticked'):
        await ticks(desk, "Migrations reviewed", done=False)


async def test_a_recurring_line_belongs_to_the_service_and_falls_due_again(desk: Desk) -> None:
    paper = await ticks(desk, "Keys rotated", checklist="security", version=None)
    assert paper.commit is None
    (_, security) = await now(desk, OTHER)
    assert security.progress.complete
    desk.clock.forward(days=30)
    (_, security) = await now(desk)
    assert (security.progress.done, security.items[0].lapsed) == (0, True)


@pytest.mark.parametrize(
    ("item", "actor", "changes", "kind", "said"),
    [
        ("Migration reviewd", QA, {}, NotFound, 'did you mean "Migrations reviewed"?'),
        ("x", QA, {"checklist": "deplyo"}, NotFound, 'no checklist "deplyo"'),
        ("Alerts configured", QA, {}, NotAllowed, "is ticked by: devops; quinn has none of these"),
        ("Backup taken", QA, {}, InvalidInput, "asks for what shows that it is done"),
        ("Backup taken", QA, {"version": None}, InvalidInput, "asks for what shows"),
        ("Migrations reviewed", QA, {"version": None}, InvalidInput, "belongs to each version"),
        ("Migrations reviewed", CI, {}, NotAllowed, "may not tick a checklist"),
    ],
)
async def test_a_tick_that_does_not_fit_is_refused_with_the_reason(
    desk: Desk,
    item: str,
    actor: Actor,
    changes: dict[str, object],
    kind: type[GonogoError],
    said: str,
) -> None:
    with pytest.raises(kind) as error:
        await ticks(desk, item, actor, **changes)
    assert said in str(error.value)
    assert await desk.store.papers("shop", NEW) == ()


async def test_what_shows_that_a_line_is_done_is_kept(desk: Desk) -> None:
    await ticks(desk, "Backup taken", evidence="drill of 1 March, 12 min")
    states_now = (await now(desk))[0].items
    assert states_now[1].evidence == "drill of 1 March, 12 min"
