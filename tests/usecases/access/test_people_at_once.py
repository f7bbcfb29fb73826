"""Two admins at once."""

import asyncio
from dataclasses import replace

import pytest
from tests.papers import ADMIN, OWNER, Desk, a_desk

from gonogo.domain.actor import Role, Scope
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotAllowed
from gonogo.domain.person import Person
from gonogo.usecases.access import people


async def at_once(*work: object) -> list[object]:
    return await asyncio.gather(*work, return_exceptions=True)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("leaving_first", [True, False])
async def test_who_leaves_while_their_roles_are_changed_has_left(leaving_first: bool):
    async with a_desk() as desk:
        await people.add_person(desk.context, OWNER, name="quinn", roles=[Role.QA])
        leaving = people.remove_person(desk.context, OWNER, name="quinn")
        changing = people.change_roles(desk.context, ADMIN, name="quinn", roles=[Role.ADMIN])
        await at_once(*((leaving, changing) if leaving_first else (changing, leaving)))
        found = await people.find_person(desk.context, OWNER, name="quinn")
        assert found.left_at is not None


async def test_of_two_who_add_the_same_name_at_once_one_is_told():
    async with a_desk() as desk:
        add = [
            people.add_person(desk.context, who, name=name, roles=[role])
            for who, name, role in ((OWNER, "Quinn", Role.QA), (ADMIN, "quinn", Role.ADMIN))
        ]
        done = await at_once(*add)
        assert [isinstance(each, Conflict) for each in done].count(True) == 1
        assert len(await desk.store.people()) == 1


async def stored(desk: Desk, person: Person) -> None:
    await desk.store.put_person(person, AuditDraft("dana", "person:person:add", person.name))


async def test_a_desk_with_an_old_view_brings_nobody_back_and_takes_nobodys_name():
    async with a_desk() as desk:
        known = await people.add_person(desk.context, OWNER, name="quinn", roles=[Role.QA])
        other = replace(known, added_by="lee", roles=(Role.ADMIN,))
        with pytest.raises(Conflict, match="known already"):
            await stored(desk, other)
        await people.remove_person(desk.context, OWNER, name="quinn")
        with pytest.raises(Conflict, match="left on"):
            await stored(desk, known)


async def test_a_token_for_a_part_does_not_reach_its_holders_other_tokens():
    async with a_desk() as desk:
        await people.add_person(desk.context, OWNER, name="quinn", roles=[Role.QA])
        token = (await people.issue_token(desk.context, OWNER, person="quinn")).token
        narrow = await people.issue_token(
            desk.context, OWNER, person="quinn", scopes=[Scope.EVIDENCE]
        )
        actor = await desk.store.bearer(narrow.token.digest, desk.clock.now())
        assert actor is not None
        with pytest.raises(NotAllowed):
            await people.revoke_token(desk.context, actor, token_id=token.id)
        with pytest.raises(NotAllowed):
            await people.own_tokens_view(desk.context, actor)
