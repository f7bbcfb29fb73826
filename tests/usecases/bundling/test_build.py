"""What a bundle says of a release, and what it keeps to itself."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from tests.bundles import Notary, a_notary
from tests.papers import LEAD, NEW, OPS, shop_plan

from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft, AuditEntry, digest_of
from gonogo.domain.errors import Conflict
from gonogo.domain.gate import GateKind
from gonogo.domain.paper import Tick, Waiver
from gonogo.domain.plan import Command, Environment, HttpSmoke, Migrations, Rehearsal
from gonogo.domain.release import Stage
from gonogo.usecases.bundling.build import build_bundle
from gonogo.usecases.bundling.verify import Verified, verify_bundle


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


def statements(bundle: bytes) -> list[dict]:
    return [
        json.loads(base64.b64decode(json.loads(line)["payload"])) for line in bundle.splitlines()
    ]


def predicate(bundle: bytes, kind: str) -> dict:
    return next(
        each["predicate"]
        for each in statements(bundle)
        if each["predicateType"] == f"urn:gonogo:{kind}:v1"
    )


async def test_the_whole_way_of_a_release_is_signed_and_holds(notary: Notary) -> None:
    release = await notary.whole_way()
    found = verify_bundle(await notary.bundle(), await notary.trust())
    assert isinstance(found, Verified), found
    assert (found.service, found.version, found.outcome) == ("shop", "v1.2.0", "rolled_back")
    assert found.commit == release.commit
    assert "signed off by quinn (qa)" in found.proven


async def test_every_statement_is_an_in_toto_statement_about_the_commit(notary: Notary) -> None:
    await notary.whole_way()
    tree = await notary.context.source.tree("/shop", NEW)
    for each in statements(await notary.bundle()):
        assert each.keys() == {"_type", "subject", "predicateType", "predicate"}
        assert each["_type"] == "https://in-toto.io/Statement/v1"
        assert each["subject"] == [
            {"name": "shop@v1.2.0", "digest": {"gitCommit": NEW, "gitTree": tree}}
        ]
        assert isinstance(each["predicate"], dict)
        assert ":" in each["predicateType"]


async def test_another_reader_of_dsse_accepts_every_envelope(notary: Notary) -> None:
    await notary.whole_way()
    public = (await notary.signer.ring()).keys[0]
    key = SSlibKey(public.id, "ed25519", "ed25519", {"public": public.public})
    for line in (await notary.bundle()).splitlines():
        envelope = Envelope.from_dict(json.loads(line))
        assert envelope.payload_type == "application/vnd.in-toto+json"
        assert envelope.verify([key], 1) == {public.id: key}


async def test_every_report_of_tests_has_a_test_result_with_its_digest(notary: Notary) -> None:
    await notary.whole_way()
    results = [
        each["predicate"]
        for each in statements(await notary.bundle())
        if each["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    ]
    assert [each["result"] for each in results] == ["PASSED", "FAILED", "PASSED"]
    assert results[1]["failedTests"] == ["test 0", "test 1"]
    assert results[1]["configuration"] == [{"name": "e2e.xml", "digest": {"sha256": "22" * 32}}]


async def test_payloads_are_canonical_json_without_infinity(notary: Notary) -> None:
    await notary.whole_way()
    for line in (await notary.bundle()).splitlines():
        payload = base64.b64decode(json.loads(line)["payload"])
        again = json.dumps(
            json.loads(payload, parse_constant=lambda name: pytest.fail(name)),
            sort_keys=True,
            ensure_ascii=False,
            separators=(",", ":"),
        )
        assert again.encode() == payload


async def test_an_unbounded_number_of_the_judge_is_null(notary: Notary) -> None:
    await notary.whole_way()
    kpi = predicate(await notary.bundle(), "rollout")["judgement"]["kpis"][0]
    assert kpi["ratio"] == {"estimate": None, "low": 0.0, "high": None}
    assert kpi["evidence"][0]["peak"] is None


async def test_an_audit_entry_with_an_infinite_number_still_holds(notary: Notary) -> None:
    await notary.papers()
    await notary.begin()
    await notary.record("judge:release:told", {"evidence": float("inf")})
    bundle = await notary.bundle()
    entry = predicate(bundle, "audit")["entries"][-1]
    assert entry["data"] == {"evidence": None}
    assert isinstance(verify_bundle(bundle, await notary.trust()), Verified)


async def test_every_audit_entry_of_the_release_holds_by_itself(notary: Notary) -> None:
    await notary.whole_way()
    audit = predicate(await notary.bundle(), "audit")
    stored = [entry async for entry in notary.context.store.entries()]
    own = {entry.sequence for entry in stored if entry.subject == "r1"}
    assert own <= {entry["sequence"] for entry in audit["entries"]}
    assert (audit["head"]["sequence"], audit["head"]["digest"]) == (
        stored[-1].sequence,
        stored[-1].digest,
    )
    for shown in audit["entries"]:
        told = AuditEntry(**{**shown, "at": stored[shown["sequence"] - 1].at})
        assert told.digest == digest_of(told.sequence, told.at, told, told.previous)


async def test_the_papers_say_who_signed_and_whose_word_was_void(notary: Notary) -> None:
    await notary.whole_way()
    papers = predicate(await notary.bundle(), "papers")
    assert papers["handoff"]["content"]["scope"] == "Excel export, ünïcode"
    assert [(each["by"], each["void"]) for each in papers["sign_offs"]] == [
        ("quinn", None),
        ("olga", "olga was not tech lead then"),
        ("lee", "lee wrote part of the change"),
    ]
    assert papers["waivers"][0]["content"]["gate"] == "tests"
    assert papers["acknowledgement"]["by"] == "olga"
    assert papers["ticks"][0]["content"]["item"] == "Migrations reviewed"


async def test_the_last_decision_before_traffic_is_whole_and_names_its_entry(
    notary: Notary,
) -> None:
    await notary.whole_way()
    bundle = await notary.bundle()
    decision = predicate(bundle, "decision")
    entries = {each["sequence"]: each for each in predicate(bundle, "audit")["entries"]}
    entry = entries[decision["entry"]["sequence"]]
    assert entry["data"] == decision["decision"]
    assert [each["answer"] for each in decision["earlier"]] == ["hold"]
    assert {gate["kind"] for gate in decision["decision"]["gates"]} >= {"tests", "sign_offs"}


async def test_the_rollout_says_what_took_it_back_and_how_many_it_hurt(notary: Notary) -> None:
    await notary.whole_way()
    rollout = predicate(await notary.bundle(), "rollout")
    assert rollout["rollback"]["reason"] == "harm: 4 of 80 bad"
    assert rollout["rollback"]["by_person"] is False
    assert [each["stage"] for each in rollout["stages"]][-2:] == [
        "verifying_rollback",
        "rolled_back",
    ]
    assert rollout["figures"]["canary_requests"] == 120
    assert rollout["figures"]["customers_hurt"] == 1
    assert rollout["steps"][0]["judgement"]["kpis"][0]["canary"] == {"bad": 4, "total": 80}


async def test_a_person_who_took_it_back_is_named(notary: Notary) -> None:
    await notary.papers()
    await notary.begin()
    for stage in (Stage.CLEARED, Stage.STAGING):
        await notary.go(stage, "on")
    await notary.go(Stage.CANARY, "customers come", step=0, exposed=True)
    await notary.record("person:release:roll_back", {"reason": "phone rings"}, actor="olga")
    await notary.go(Stage.ROLLING_BACK, "olga asked for it: phone rings")
    back = predicate(await notary.bundle(), "rollout")["rollback"]
    assert (back["by"], back["by_person"]) == ("olga", True)


async def test_a_release_that_was_refused_is_bundled_as_such(notary: Notary) -> None:
    await notary.desk.evidence("unit.xml", "11" * 32, failed=3)
    await notary.begin()
    await notary.decide()
    await notary.go(Stage.NO_GO, "tests failed")
    found = verify_bundle(await notary.bundle(), await notary.trust())
    assert isinstance(found, Verified), found
    assert found.outcome == "no_go"
    assert any("NO-GO" in said for said in found.proven)


async def test_a_release_under_way_without_any_decision_is_bundled(notary: Notary) -> None:
    await notary.begin()
    found = verify_bundle(await notary.bundle(), await notary.trust())
    assert isinstance(found, Verified), found
    assert found.outcome == "checking"
    assert "no decision had been made" in found.proven


async def test_evidence_that_came_after_the_decision_is_listed_and_does_not_count(
    notary: Notary,
) -> None:
    await notary.whole_way()
    notary.desk.clock.forward(minutes=5)
    await notary.desk.evidence("late.xml", "55" * 32)
    bundle = await notary.bundle()
    late = predicate(bundle, "evidence")["evidence"][-1]
    assert (late["name"], late["counted"]) == ("late.xml", False)
    assert isinstance(verify_bundle(bundle, await notary.trust()), Verified)


async def test_of_years_of_papers_about_the_service_only_those_that_counted_are_listed(
    notary: Notary,
) -> None:
    for number in range(3):
        tick = Tick("security", "Keys rotated", evidence=f"round {number}")
        await notary.file(OPS, tick, "tick", commit=None)
        until = notary.desk.clock.now() + timedelta(seconds=30 if number < 2 else 1e6)
        waiver = Waiver(GateKind.LINT, Role.TECH_LEAD, f"reason {number}", until)
        await notary.file(LEAD, waiver, "waiver", commit=None)
    await notary.whole_way()
    bundle = await notary.bundle()
    papers = predicate(bundle, "papers")
    rounds = [each["content"]["evidence"] for each in papers["ticks"] if each["of_service"]]
    assert rounds == ["round 2"]
    reasons = [each["content"]["reason"] for each in papers["waivers"] if each["of_service"]]
    assert reasons == ["reason 2"]
    assert isinstance(verify_bundle(bundle, await notary.trust()), Verified)


async def test_a_paper_filed_while_the_decision_was_made_is_found_on_its_side(
    notary: Notary,
) -> None:
    await notary.papers()
    await notary.begin()
    await notary.decide()
    await notary.desk.evidence("same-moment.xml", "66" * 32)
    bundle = await notary.bundle()
    assert isinstance(verify_bundle(bundle, await notary.trust()), Verified)
    assert predicate(bundle, "evidence")["evidence"][-1]["counted"] is False


async def test_nothing_is_signed_over_a_broken_chain(notary: Notary) -> None:
    await notary.whole_way()
    with notary.desk.store._engine.begin() as connection:  # as somebody with the database would
        found = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (trigger,) in found.fetchall():
            connection.execute(sa.text(f"DROP TRIGGER {trigger}"))
        connection.execute(sa.text("UPDATE audit SET actor = 'nobody' WHERE sequence = 5"))
    with pytest.raises(Conflict, match="entry 5 of the audit chain does not hold"):
        await notary.bundle()


async def test_nothing_is_signed_when_the_evidence_is_not_what_was_decided_on(
    notary: Notary,
) -> None:
    await notary.whole_way()
    with notary.desk.store._engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM papers WHERE id = 'id2'"))
    with pytest.raises(Conflict, match="rests on evidence"):
        await notary.bundle()


SECRETS = (
    "tester-secret-77",
    "hunter2hunter2",
    "tok_live_4242",
    "pa55-of-the-database",
    "rehearsal-pa55",
    "Bearer abc.def.123",
)


def secretive_plan():
    shop = shop_plan()
    production = shop.production
    url = "postgresql://shop:pa55-of-the-database@db.example.invalid/shop"
    variables = {
        "API_PASSWORD": "hunter2hunter2",
        "PAYMENTS": "tok_live_4242",
        "MODE": "tests",
        "V": "v1.2.0",
    }
    return replace(
        shop,
        environments=(
            Environment("staging", 8081, variables=variables),
            replace(production, database_url=url),
        ),
        migrations=Migrations(
            Command("migrate", "alembic upgrade head"),
            rehearsal=Rehearsal("postgresql://localhost/shop?user=u&password=rehearsal-pa55"),
        ),
        smoke=(HttpSmoke("home", "GET", "/", headers={"Authorization": "Bearer abc.def.123"}),),
    )


async def test_no_secret_of_the_service_is_in_a_bundle_wherever_it_was_planted(
    tmp_path: Path,
) -> None:
    async with a_notary(tmp_path, secretive_plan()) as notary:
        store = notary.context.store
        registration = await store.registration("shop")
        assert registration is not None
        changed = replace(registration, tester_secret="tester-secret-77")
        await store.register(changed, AuditDraft("dana", "person:service:register", "shop"))
        await notary.papers()
        await notary.begin()
        await notary.decide()
        for secret in SECRETS:
            await notary.record("desk:step:failed", {"output": f"cannot open {secret}: gone"})
        told = "https://u:rehearsal-pa55@example.invalid failed with hunter2hunter2"
        await notary.go(Stage.NO_GO, told)
        bundle = await notary.bundle()
        whole = "".join(json.dumps(each, ensure_ascii=False) for each in statements(bundle))
        assert not [secret for secret in SECRETS if secret in whole]
        found = verify_bundle(bundle, await notary.trust())
        assert isinstance(found, Verified), found
        assert any("hold a secret and are listed by digest only" in each for each in found.proven)
        assert '"kind": "tests"' in whole, "an ordinary word must not be taken for a secret"
        assert '"version": "v1.2.0"' in whole, "what the bundle says openly is no secret"


async def test_addresses_of_people_stay_at_the_desk(notary: Notary) -> None:
    await notary.whole_way()
    papers = json.dumps(predicate(await notary.bundle(), "papers"))
    assert "@example.invalid" not in papers


async def test_a_repository_that_is_gone_leaves_the_commit(notary: Notary) -> None:
    await notary.whole_way()
    notary.desk.source.tags_of.clear()
    bundle = await notary.bundle()
    assert statements(bundle)[0]["subject"][0]["digest"] == {"gitCommit": NEW}
    found = verify_bundle(bundle, await notary.trust())
    assert isinstance(found, Verified), found


async def test_a_key_made_while_a_bundle_is_signed_does_not_spoil_it(notary: Notary) -> None:
    await notary.whole_way()
    signer, envelope, rotated = notary.signer, notary.signer.envelope, []

    async def meanwhile(payload: bytes, kind: str) -> str:
        if not rotated:
            notary.desk.clock.forward(seconds=1)
            rotated.append(await signer.rotate())
        return await envelope(payload, kind)

    signer.envelope = meanwhile
    found = verify_bundle(await notary.bundle(), await notary.trust())
    assert isinstance(found, Verified), found


async def test_an_expired_key_signs_no_bundle(notary: Notary) -> None:
    await notary.whole_way()
    await notary.signer.ring()
    notary.desk.clock.time += timedelta(days=11)
    with pytest.raises(Conflict, match="is valid from"):
        await notary.bundle()


async def test_a_release_that_moves_on_meanwhile_is_told_as_it_is_then(notary: Notary) -> None:
    await notary.papers()
    before = await notary.begin()
    read, moved = notary.context.store.looks, []

    async def meanwhile(release_id: str):
        if not moved:
            moved.append(True)
            await notary.go(Stage.ABORTED, "no more")
        return await read(release_id)

    notary.context.store.looks = meanwhile
    bundle = (await build_bundle(notary.context, before)).encode()
    found = verify_bundle(bundle, await notary.trust())
    assert isinstance(found, Verified), found
    assert found.outcome == "aborted"
    assert predicate(bundle, "rollout")["stages"][-1]["stage"] == "aborted"
