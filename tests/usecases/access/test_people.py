"""People and tokens: who can be added, how long a token is good, and what is never written down."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from tests.papers import ADMIN, OWNER, QA, Desk, a_desk

from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotAllowed, NotFound
from gonogo.domain.person import Person
from gonogo.usecases.access import people
from gonogo.usecases.access.people import digest_of_secret


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def added(
    desk: Desk, name: str = "Ann", *roles: Role, emails: tuple[str, ...] = ()
) -> Person:
    return await people.add_person(
        desk.context, OWNER, name=name, roles=roles or (Role.QA,), emails=emails
    )


async def bearer(desk: Desk, secret: str) -> str | None:
    found = await desk.store.bearer(digest_of_secret(secret), desk.clock.now())
    return found.name if found else None


async def test_addresses_are_kept_small_and_once_and_roles_in_one_order(desk: Desk) -> None:
    person = await added(
        desk, "Ann", Role.CI, Role.QA, emails=(" Ann@Example.invalid", "ann@example.invalid")
    )
    assert person.emails == ("ann@example.invalid",)
    assert person.roles == (Role.QA, Role.CI)
    assert (await desk.store.people()) == (person,)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " Ann",
        "Ann ",
        "A\nn",
        "A\u202enn",
        "x" * 81,
        "\ud800",
        "desk",
        "Desk",
        "..",
        "a/b",
        "\t",
    ],
)
async def test_a_name_that_misleads_or_cannot_be_shown_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(InvalidInput):
        await added(desk, name)
    assert await desk.store.people() == ()


@pytest.mark.parametrize("name", ["Ann", "ann", "ＡＮＮ"])
async def test_a_name_is_given_once_however_it_is_written(desk: Desk, name: str) -> None:
    await added(desk, "Ann")
    with pytest.raises(Conflict, match='"Ann" is known already'):
        await added(desk, name)


async def test_a_persian_name_is_written_as_persians_do_and_given_once(desk: Desk) -> None:
    assert (await added(desk, "علی\u200cرضا")).name.count("\u200c") == 1
    for alike in ("علیرضا", "عل\u064aرضا"):
        with pytest.raises(Conflict, match="known already"):
            await added(desk, alike)
    for hidden in ("An\u200cn", "علی\u200c", "علی\u200c\u200cرضا"):
        with pytest.raises(InvalidInput, match="do not print"):
            await added(desk, hidden)


async def test_nobody_gets_the_name_of_somebody_who_left(desk: Desk) -> None:
    await added(desk, "Ann")
    await people.remove_person(desk.context, OWNER, name="Ann")
    with pytest.raises(Conflict, match="the name of somebody who left"):
        await added(desk, "ann")


async def test_an_address_belongs_to_one_person_who_is_here(desk: Desk) -> None:
    await added(desk, "Ann", emails=("ann@example.invalid",))
    with pytest.raises(Conflict, match=r"ann@example\.invalid is an address of Ann"):
        await added(desk, "Annie", emails=("ANN@example.invalid",))
    await people.remove_person(desk.context, OWNER, name="Ann")
    await added(desk, "Annie", emails=("ann@example.invalid",))


@pytest.mark.parametrize("email", ["", "ann", "a b@c", "@", "a@b@c", "x" * 250 + "@b.cd"])
async def test_what_is_no_address_is_refused(desk: Desk, email: str) -> None:
    with pytest.raises(InvalidInput, match="is not an e-mail address"):
        await added(desk, emails=(email,))


@pytest.mark.parametrize("roles", [(), (Role.OWNER,), (Role.DESK, Role.QA)])
async def test_roles_that_cannot_be_given_are_refused(desk: Desk, roles: tuple[Role, ...]) -> None:
    with pytest.raises(InvalidInput):
        await people.add_person(desk.context, OWNER, name="Ann", roles=roles)


async def test_changed_roles_are_all_that_somebody_has(desk: Desk) -> None:
    await added(desk, "Ann", Role.QA, Role.ADMIN)
    await people.change_roles(desk.context, OWNER, name="Ann", roles=[Role.VIEWER])
    assert [person.roles for person in await desk.store.people()] == [(Role.VIEWER,)]


async def test_somebody_who_left_cannot_be_changed_or_given_a_token(desk: Desk) -> None:
    await added(desk)
    await people.remove_person(desk.context, OWNER, name="Ann")
    for attempt in (
        people.change_roles(desk.context, OWNER, name="Ann", roles=[Role.QA]),
        people.issue_token(desk.context, OWNER, person="Ann"),
        people.remove_person(desk.context, OWNER, name="Ann"),
    ):
        with pytest.raises(Conflict, match="Ann left on 20"):
            await attempt


async def test_somebody_unknown_is_said_to_be(desk: Desk) -> None:
    with pytest.raises(NotFound, match='nobody is known as "Bob"'):
        await people.issue_token(desk.context, OWNER, person="Bob")
    with pytest.raises(NotFound, match='no token has the id "zzz"'):
        await people.revoke_token(desk.context, OWNER, token_id="zzz")


async def test_a_token_is_good_until_it_expires(desk: Desk) -> None:
    await added(desk)
    issued = await people.issue_token(desk.context, OWNER, person="Ann", life=timedelta(days=1))
    assert await bearer(desk, issued.secret) == "Ann"
    assert await bearer(desk, issued.secret + "x") is None
    desk.clock.forward(days=1)
    assert await bearer(desk, issued.secret) is None


@pytest.mark.parametrize("days", [0.0, -1.0, 366.01, 1e5])
async def test_a_token_is_good_for_a_year_at_most(desk: Desk, days: float) -> None:
    await added(desk)
    with pytest.raises(InvalidInput, match="up to 366"):
        await people.issue_token(desk.context, OWNER, person="Ann", life=timedelta(days=days))


async def test_a_revoked_token_stops_and_stays_revoked(desk: Desk) -> None:
    await added(desk)
    issued = await people.issue_token(desk.context, OWNER, person="Ann")
    other = await people.issue_token(desk.context, OWNER, person="Ann")
    first = await people.revoke_token(desk.context, OWNER, token_id=issued.token.id)
    desk.clock.forward(hours=1)
    assert await people.revoke_token(desk.context, OWNER, token_id=issued.token.id) == first
    assert await bearer(desk, issued.secret) is None
    assert await bearer(desk, other.secret) == "Ann"


async def test_all_tokens_of_somebody_who_leaves_stop(desk: Desk) -> None:
    await added(desk)
    secrets = [
        (await people.issue_token(desk.context, OWNER, person="Ann")).secret for _ in range(2)
    ]
    await people.remove_person(desk.context, OWNER, name="Ann")
    assert [await bearer(desk, secret) for secret in secrets] == [None, None]


async def test_secrets_differ_and_carry_256_bits(desk: Desk) -> None:
    await added(desk)
    secrets = {
        (await people.issue_token(desk.context, OWNER, person="Ann")).secret for _ in range(20)
    }
    assert len(secrets) == 20
    assert all(secret.startswith("gonogo_") and len(secret) == 7 + 43 for secret in secrets)


async def test_neither_the_chain_nor_the_tables_nor_a_list_hold_a_secret(desk: Desk) -> None:
    await added(desk)
    issued = await people.issue_token(desk.context, OWNER, person="Ann")
    entries = [entry async for entry in desk.store.entries(subject="Ann")]
    assert [entry.action for entry in entries] == ["person:person:add", "person:token:issue"]
    shown = await people.people_view(desk.context, OWNER)
    kept = [str(entries), str(await desk.store.tokens()), str(shown)]
    assert all(issued.secret not in text for text in kept)
    assert issued.token.digest not in kept[0] + kept[2]


async def test_tokens_are_listed_for_whoever_manages_them_alone(desk: Desk) -> None:
    await added(desk)
    await people.issue_token(desk.context, OWNER, person="Ann", life=timedelta(days=1))
    desk.clock.forward(days=2)
    assert "tokens" not in (await people.people_view(desk.context, QA))[0]
    listed = (await people.people_view(desk.context, ADMIN))[0]["tokens"]
    assert [token["state"] for token in listed] == ["expired"]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.OWNER, Role.ADMIN}])
async def test_only_owner_and_admins_manage_people(desk: Desk, role: Role) -> None:
    await added(desk)
    somebody = Actor("x", frozenset({role}))
    before = [entry async for entry in desk.store.entries()]
    attempts = (
        people.add_person(desk.context, somebody, name="Bob", roles=[Role.ADMIN]),
        people.change_roles(desk.context, somebody, name="Ann", roles=[Role.ADMIN]),
        people.remove_person(desk.context, somebody, name="Ann"),
        people.issue_token(desk.context, somebody, person="Ann"),
        people.revoke_token(desk.context, somebody, token_id="id0"),
    )
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            await attempt
    assert [entry async for entry in desk.store.entries()] == before


async def test_a_refused_change_writes_nothing(desk: Desk) -> None:
    await added(desk)
    before = [entry async for entry in desk.store.entries()]
    with pytest.raises(GonogoError):
        await added(desk)
    await people.change_roles(desk.context, OWNER, name="Ann", roles=[Role.QA])
    assert [entry async for entry in desk.store.entries()] == before
