"""Papers, people and tokens in their tables."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.samples import NOON

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import NotFound
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import Severity, TestFacts
from gonogo.domain.paper import Concern, FiledEvidence, Flag, Handoff, Paper, SignOff
from gonogo.domain.person import Person, Token

_AUDIT = AuditDraft("dana", "person:version:file", "shop")
_REPORT = Evidence("junit", "unit.xml", "ab" * 32, 900, TestFacts(5, 5, 0, 0), at=NOON)
_DANA = Person("dana", (Role.QA,), ("dana@shop.example",), "owner", NOON)
_TOKEN = Token("t1", "dana", "f0" * 32, NOON, NOON + timedelta(days=1))


def _paper(identity: str, content, commit: str | None = "c" * 40, service: str = "shop") -> Paper:
    return Paper(identity, service, commit, NOON, "dana", (Role.QA,), content, ("d@shop.example",))


async def test_papers_come_back_as_they_were_filed_and_in_that_order(store):
    evidence = _paper("p2", FiledEvidence(_REPORT, NOON, claimed_commit=True, claimed_at=False))
    risk = Concern("old couriers show wrong", Severity.LOW)
    handoff = _paper("p1", Handoff("v2", "sprint 16", 3, 3, known_issues=(risk,)))
    await store.file((evidence, handoff), _AUDIT)
    signed = _paper("p0", SignOff(Role.QA, "e" * 64))
    await store.file((signed,), _AUDIT)
    assert await store.papers("shop", "c" * 40) == (evidence, handoff, signed)


async def test_a_version_has_its_own_papers_and_those_of_its_service(store):
    own = _paper("p1", Handoff("v2", "sprint 16"))
    other = _paper("p2", Handoff("v3", "sprint 17"), commit="d" * 40)
    of_all = _paper("p3", Flag("freeze", on=True, reason="holidays"), commit=None)
    stranger = _paper("p4", Flag("freeze", on=True, reason="audit"), commit=None, service="other")
    await store.file((own, other, of_all, stranger), _AUDIT)
    assert await store.papers("shop", "c" * 40) == (own, of_all)
    assert await store.papers("shop") == (of_all,)


async def test_a_paper_filed_twice_is_there_once_and_audited_once(store):
    paper = _paper("p1", Handoff("v2", "sprint 16"))
    await store.file((paper,), _AUDIT)
    await store.file((replace(paper, actor="somebody else"),), _AUDIT)
    assert await store.papers("shop", "c" * 40) == (paper,)
    assert len([entry async for entry in store.entries(subject="shop")]) == 1


async def test_when_one_paper_cannot_be_stored_none_is(store):
    good = _paper("p1", Handoff("v2", "sprint 16"))
    naive = replace(_paper("p2", Handoff("v2", "x")), at=NOON.replace(tzinfo=None))
    with pytest.raises(Exception, match="without a time zone"):
        await store.file((good, naive), _AUDIT)
    assert await store.papers("shop", "c" * 40) == ()
    assert [entry async for entry in store.entries(subject="shop")] == []


async def test_a_token_stands_for_its_person_until_it_ends_in_one_of_three_ways(store):
    await store.put_person(_DANA, _AUDIT)
    await store.put_token(_TOKEN, _AUDIT)
    assert await store.bearer(_TOKEN.digest, NOON) == _DANA.actor
    assert await store.bearer("00" * 32, NOON) is None
    assert await store.bearer(_TOKEN.digest, _TOKEN.expires_at) is None
    await store.put_token(replace(_TOKEN, revoked_at=NOON), _AUDIT)
    assert await store.bearer(_TOKEN.digest, NOON) is None
    await store.put_token(_TOKEN, _AUDIT)
    await store.put_person(replace(_DANA, left_at=NOON), _AUDIT)
    assert await store.bearer(_TOKEN.digest, NOON) is None
    assert await store.people() == (replace(_DANA, left_at=NOON),)
    assert await store.tokens() == (_TOKEN,)


async def test_a_token_of_nobody_is_refused(store):
    with pytest.raises(NotFound):
        await store.put_token(_TOKEN, _AUDIT)


async def test_one_paper_is_found_by_its_id_alone(store):
    paper = _paper("p1", Handoff("v2", "sprint 16"))
    await store.file((paper,), _AUDIT)
    assert await store.paper("p1") == paper
    assert await store.paper("p2") is None
