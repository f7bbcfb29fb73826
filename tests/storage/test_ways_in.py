"""Passwords, sessions, links and identities in the database."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.samples import NOON, StandingClock

from gonogo.domain.actor import Role, Scope
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.person import Person, Token
from gonogo.domain.session import (
    Credential,
    Flow,
    Invitation,
    KnownBrowser,
    LinkedIdentity,
    Purpose,
    Session,
)
from gonogo.storage.store import SqlStore

ANN = Person("Ann", (Role.QA,), (), "dana", NOON)
SAID = AuditDraft("Ann", "person:x:y", "Ann")
SESSION = Session("s1", "Ann", "d1", "csrf", NOON, NOON, NOON, NOON + timedelta(days=7))
LINK = Invitation("l1", "Ann", Purpose.JOIN, "dana", NOON, NOON + timedelta(days=1))
IDENTITY = LinkedIdentity("https://id.invalid", "17", "Ann", NOON)


@pytest.fixture
async def with_ann(store: SqlStore) -> SqlStore:
    await store.put_person(ANN, SAID)
    return store


async def entries(store: SqlStore) -> int:
    return len([entry async for entry in store.entries()])


async def test_a_session_is_found_by_each_of_its_digests_with_its_person(
    with_ann: SqlStore,
) -> None:
    session = replace(SESSION, successor="d2", previous="d0", client="Firefox", address="::1")
    await with_ann.open_session(session, SAID, NOON)
    for digest in ("d0", "d1", "d2"):
        assert await with_ann.session(digest) == (session, ANN)
    assert await with_ann.session("d3") is None


async def test_a_new_session_replaces_the_browsers_and_clears_those_that_ran_out(
    with_ann: SqlStore,
) -> None:
    await with_ann.open_session(SESSION, SAID, NOON)
    other = replace(SESSION, id="s2", digest="d2", expires_at=NOON + timedelta(hours=1))
    await with_ann.open_session(other, SAID, NOON)
    third = replace(SESSION, id="s3", digest="d3")
    await with_ann.open_session(third, SAID, NOON + timedelta(hours=1), replaces="s1")
    assert await with_ann.sessions("Ann") == (third,)


async def test_of_two_who_turn_a_session_at_once_one_is_stored(with_ann: SqlStore) -> None:
    await with_ann.open_session(SESSION, SAID, NOON)
    turned = replace(SESSION, successor="d2", turned_at=NOON + timedelta(hours=1))
    late = replace(turned, successor="d3")
    assert await with_ann.turn_session(turned, NOON, NOON)
    assert not await with_ann.turn_session(late, NOON, NOON)
    assert await with_ann.session("d2") == (turned, ANN)


async def test_sessions_end_one_or_all_or_all_but_one_and_nothing_ended_is_no_entry(
    with_ann: SqlStore,
) -> None:
    for name in ("1", "2", "3", "4"):
        await with_ann.open_session(replace(SESSION, id=f"s{name}", digest=name), SAID, NOON)
    assert await with_ann.end_sessions("Ann", SAID, only="s1") == 1
    assert await with_ann.end_sessions("Ann", SAID, keep="s2") == 2
    assert await with_ann.end_sessions("Bob", SAID, only="s2") == 0
    before = await entries(with_ann)
    assert await with_ann.end_sessions("Ann", SAID) == 1
    assert await with_ann.end_sessions("Ann", SAID) == 0
    assert await entries(with_ann) == before + 1


async def test_nobody_who_is_not_here_has_a_session_or_a_password(with_ann: SqlStore) -> None:
    with pytest.raises(NotFound):
        await with_ann.open_session(replace(SESSION, person="Bob"), SAID, NOON)
    with pytest.raises(NotFound):
        await with_ann.put_credential(Credential("Bob", "hash", NOON), SAID)


async def test_a_session_is_not_opened_with_a_password_that_was_changed_meanwhile(
    with_ann: SqlStore,
) -> None:
    later = NOON + timedelta(seconds=1)
    await with_ann.put_credential(Credential("Ann", "hash", later), SAID)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await with_ann.open_session(SESSION, SAID, NOON, password_of=NOON)
    assert await with_ann.sessions("Ann") == ()
    await with_ann.open_session(SESSION, SAID, NOON, password_of=later)


async def test_of_each_person_the_newest_twenty_browsers_are_known(with_ann: SqlStore) -> None:
    for number in range(22):
        await with_ann.know_browser(KnownBrowser(f"b{number}", "Ann", NOON))
    found = [await with_ann.known_browser(f"b{number}") for number in range(22)]
    assert found[:2] == [None, None]
    assert found[2:] == [KnownBrowser(f"b{number}", "Ann", NOON) for number in range(2, 22)]
    await with_ann.put_person(replace(ANN, left_at=NOON), SAID)
    assert await with_ann.known_browser("b21") is None


async def test_a_link_is_used_once_and_a_newer_one_makes_it_void(with_ann: SqlStore) -> None:
    newer = replace(LINK, digest="l2")
    await with_ann.invite(LINK, SAID)
    await with_ann.invite(newer, SAID)
    with pytest.raises(Conflict, match="used already, or a newer one"):
        await with_ann.accept(LINK, None, "hash", SAID)
    assert await with_ann.accept(newer, None, "hash", SAID) == Credential("Ann", "hash", NOON)
    with pytest.raises(Conflict, match="used already"):
        await with_ann.accept(newer, None, "other", SAID)
    assert (await with_ann.credential("Ann")) == Credential("Ann", "hash", NOON)
    found = await with_ann.invitation("l2")
    assert found == replace(newer, ended_at=NOON)


async def test_a_link_for_a_name_that_was_taken_meanwhile_is_not_used_up(
    with_ann: SqlStore,
) -> None:
    first = replace(LINK, person="", purpose=Purpose.FIRST_ADMIN)
    await with_ann.invite(first, SAID)
    with pytest.raises(Conflict, match="is known already"):
        await with_ann.accept(first, replace(ANN, roles=(Role.ADMIN,)), "hash", SAID)
    bob = replace(ANN, name="Bob")
    assert (await with_ann.accept(first, bob, "hash", SAID)).person == "Bob"
    assert await with_ann.people() == (ANN, bob)


async def test_another_password_ends_sessions_and_links_and_the_same_one_hashed_anew_does_not(
    with_ann: SqlStore,
) -> None:
    for name in ("1", "2"):
        await with_ann.open_session(replace(SESSION, id=f"s{name}", digest=name), SAID, NOON)
    await with_ann.invite(LINK, SAID)
    await with_ann.put_credential(Credential("Ann", "b", NOON), SAID, keep="s1")
    assert [each.id for each in await with_ann.sessions("Ann")] == ["s1"]
    found = await with_ann.invitation("l1")
    assert found is not None
    assert found.ended_at == NOON
    await with_ann.put_credential(Credential("Ann", "b2", NOON), None)
    late = Credential("Ann", "of the one before", NOON - timedelta(days=1))
    await with_ann.put_credential(late, None)
    assert await with_ann.credential("Ann") == Credential("Ann", "b2", NOON)
    assert [each.id for each in await with_ann.sessions("Ann")] == ["s1"]


async def test_an_identity_is_one_persons_and_is_kept_with_who_it_makes(
    with_ann: SqlStore,
) -> None:
    await with_ann.link(IDENTITY, None, SAID)
    assert await with_ann.linked("https://id.invalid", "17") == ANN
    with pytest.raises(Conflict, match="is Ann's already"):
        await with_ann.link(replace(IDENTITY, person="Bob"), replace(ANN, name="Bob"), SAID)
    bob = replace(ANN, name="Bob")
    await with_ann.link(replace(IDENTITY, subject="18", person="Bob"), bob, SAID)
    assert await with_ann.linked("https://id.invalid", "18") == bob
    assert len(await with_ann.identities()) == 2
    assert await with_ann.identities("Ann") == (IDENTITY,)
    assert await with_ann.unlink("Ann", SAID) == 1
    assert await with_ann.linked("https://id.invalid", "17") is None


async def test_a_flow_is_taken_once_and_before_it_expires(
    with_ann: SqlStore, clock: StandingClock
) -> None:
    flow = Flow("f1", "/board", NOON + timedelta(minutes=10))
    late = replace(flow, digest="f2")
    await with_ann.put_flow(flow, NOON)
    await with_ann.put_flow(late, NOON)
    assert await with_ann.take_flow("f1", NOON) == flow
    assert await with_ann.take_flow("f1", NOON) is None
    assert await with_ann.take_flow("f2", flow.expires_at) is None


async def test_with_somebody_who_leaves_goes_all_by_which_they_signed_in(
    with_ann: SqlStore,
) -> None:
    await with_ann.put_credential(Credential("Ann", "hash", NOON), SAID)
    await with_ann.link(IDENTITY, None, SAID)
    await with_ann.open_session(SESSION, SAID, NOON)
    await with_ann.invite(LINK, SAID)
    assert await with_ann.those_who_sign_in() == {"Ann"}
    await with_ann.put_person(replace(ANN, left_at=NOON), SAID)
    assert await with_ann.those_who_sign_in() == frozenset()
    assert await with_ann.credential("Ann") is None
    assert await with_ann.session("d1") is None
    assert await with_ann.identities("Ann") == ()
    found = await with_ann.invitation("l1")
    assert found is not None
    assert found.ended_at is not None


async def test_a_token_keeps_its_scopes_and_one_without_keeps_none(with_ann: SqlStore) -> None:
    until = NOON + timedelta(days=1)
    whole = Token("t1", "Ann", "x1", NOON, until)
    narrowed = Token("t2", "Ann", "x2", NOON, until, scopes=(Scope.READ, Scope.EVIDENCE))
    for token in (whole, narrowed):
        await with_ann.put_token(token, SAID)
    assert await with_ann.tokens() == (whole, narrowed)
    bearers = [await with_ann.bearer(digest, NOON) for digest in ("x1", "x2")]
    assert [each.scopes if each else ... for each in bearers] == [
        None,
        {Scope.READ, Scope.EVIDENCE},
    ]
