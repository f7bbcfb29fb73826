"""One-time links: once, for so long, and the newest alone."""

from collections.abc import AsyncIterator

import pytest
from tests.papers import ADMIN, OWNER, QA, Desk, a_desk

from gonogo.domain.actor import Role
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from gonogo.usecases.access import invitations, people, sign_in
from gonogo.usecases.access.sessions import Browser

PASSWORD = "seven geese over the weir"
BROWSER = Browser("127.0.0.1", "Firefox")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def first(desk: Desk) -> str:
    invited = await invitations.first_admin(desk.context)
    assert invited is not None
    return invited.secret


async def accept(desk: Desk, secret: str, password: str = PASSWORD, name: str = "") -> str:
    opened = await invitations.accept(
        desk.context, secret=secret, password=password, name=name, browser=BROWSER
    )
    return opened.person.name


async def test_the_first_link_makes_an_admin_once(desk: Desk) -> None:
    secret = await first(desk)
    assert await accept(desk, secret, name="Ada") == "Ada"
    person = (await desk.store.people())[0]
    assert (person.roles, person.added_by) == ((Role.ADMIN,), "desk")
    with pytest.raises(NotFound, match="was used"):
        await accept(desk, secret, name="Eve")
    assert await invitations.first_admin(desk.context) is None


async def test_a_link_printed_again_makes_the_one_before_void(desk: Desk) -> None:
    before, after = await first(desk), await first(desk)
    with pytest.raises(NotFound, match="a newer one has taken its place"):
        await accept(desk, before, name="Ada")
    assert await accept(desk, after, name="Ada") == "Ada"


async def test_a_link_of_the_first_admin_opens_nothing_once_somebody_can_sign_in(
    desk: Desk,
) -> None:
    secret = await first(desk)
    await people.add_person(desk.context, OWNER, name="Ann", roles=[Role.ADMIN])
    invited = await invitations.invite(desk.context, OWNER, name="Ann")
    await accept(desk, invited.secret)
    with pytest.raises(Conflict, match="somebody can sign in already"):
        await accept(desk, secret, name="Eve")


async def test_a_link_expires(desk: Desk) -> None:
    secret = await first(desk)
    desk.clock.forward(hours=24)
    with pytest.raises(NotFound, match="has expired"):
        await accept(desk, secret, name="Ada")


async def test_what_is_refused_leaves_the_link_good(desk: Desk) -> None:
    await people.add_person(desk.context, OWNER, name="Ann", roles=[Role.QA])
    secret = await first(desk)
    with pytest.raises(InvalidInput, match="12 to 256"):
        await accept(desk, secret, password="short", name="Ada")
    with pytest.raises(Conflict, match="is known already"):
        await accept(desk, secret, name="ANN")
    with pytest.raises(InvalidInput, match="a name has 1 to 80"):
        await accept(desk, secret)
    assert await accept(desk, secret, name="Ada") == "Ada"


async def test_a_reset_gives_another_password_and_ends_what_the_old_one_opened(desk: Desk) -> None:
    await people.add_person(desk.context, OWNER, name="Ann", roles=[Role.QA])
    joined = await invitations.invite(desk.context, ADMIN, name="Ann")
    assert joined.invitation.purpose == "join"
    await accept(desk, joined.secret)
    reset = await invitations.invite(desk.context, ADMIN, name="Ann")
    assert reset.invitation.purpose == "reset"
    await accept(desk, reset.secret, password="nine herons in the reeds")
    assert len(await desk.store.sessions("Ann")) == 1
    with pytest.raises(NotAllowed, match="the name or the password is wrong"):
        await sign_in.sign_in(desk.context, name="Ann", password=PASSWORD, browser=BROWSER)


async def test_only_who_manages_people_invites_and_nobody_invites_a_ci_job(desk: Desk) -> None:
    await people.add_person(desk.context, OWNER, name="shop-ci", roles=[Role.CI])
    with pytest.raises(NotAllowed):
        await invitations.invite(desk.context, QA, name="shop-ci")
    with pytest.raises(InvalidInput, match="is a CI job, which signs in with a token"):
        await invitations.invite(desk.context, OWNER, name="shop-ci")


async def test_a_password_hashed_with_less_work_is_hashed_anew_when_it_is_used(desk: Desk) -> None:
    await accept(desk, await first(desk), name="Ada")
    before = await desk.store.credential("Ada")
    desk.context.passwords.strength = 2  # type: ignore[union-attr]
    await sign_in.sign_in(desk.context, name="Ada", password=PASSWORD, browser=BROWSER)
    after = await desk.store.credential("Ada")
    assert before is not None
    assert after is not None
    assert (before.hash[:9], after.hash[:9]) == ("memory:1:", "memory:2:")
    assert len(await desk.store.sessions("Ada")) == 2


async def test_a_name_that_nobody_has_takes_as_many_hashes_as_a_wrong_password(desk: Desk) -> None:
    await accept(desk, await first(desk), name="Ada")
    hasher, checked = desk.context.passwords, []
    for name in ("Ada", "Nobody", "x" * 5000):
        before = hasher.checked  # type: ignore[union-attr]
        with pytest.raises(NotAllowed):
            await sign_in.sign_in(desk.context, name=name, password="wrong", browser=BROWSER)
        checked.append(hasher.checked - before)  # type: ignore[union-attr]
    assert checked == [1, 1, 1]
