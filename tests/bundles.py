"""A desk in memory whose releases are decided on, rolled out and bundled, for tests of several packages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from tests.papers import CI, LEAD, NEW, OPS, QA, Desk, a_desk, shop_plan
from tests.plans import START

from gonogo.adapters.local.signer import FileSigner
from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.dossier import Dossier, evidence_digest
from gonogo.domain.facts import SmokeFacts
from gonogo.domain.gate import Answer, GateMoment
from gonogo.domain.gate_rules import TestsRule
from gonogo.domain.look import Look
from gonogo.domain.paper import Acknowledgement, Handoff, SignOff, Tick, Waiver
from gonogo.domain.plan import Plan
from gonogo.domain.release import Release, Stage, move
from gonogo.domain.traffic import Counts, Increment
from gonogo.domain.verdict import (
    Evidence,
    Interval,
    Judgement,
    KpiAssessment,
    Test,
    Verdict,
)
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.written import decision_data
from gonogo.ports.store import Change
from gonogo.usecases.bundling.build import build_bundle
from gonogo.usecases.bundling.envelopes import Trust, read_trust
from gonogo.usecases.context import Context
from gonogo.usecases.desk.keys import public_pem
from gonogo.usecases.papers.filing import file_paper, paper_of


@dataclass
class Notary:
    """A desk with keys. `release` is the newest state of the one release under way."""

    desk: Desk
    context: Context
    signer: FileSigner
    release: Release | None = None

    async def papers(self) -> None:
        """Everything that people file about v1.2.0."""
        desk = self.desk
        await desk.evidence("unit.xml", "11" * 32)
        await desk.evidence("e2e.xml", "22" * 32, failed=2)
        desk.clock.forward(minutes=1)
        await desk.evidence("e2e.xml", "33" * 32)
        await self.file(QA, Handoff("v1.2.0", "Excel export, ünïcode", 12, 12), "handoff")
        papers = await desk.store.papers("shop", NEW)
        digest = evidence_digest(Dossier("shop", "v1.2.0", NEW, papers))
        desk.clock.forward(minutes=1)
        await self.file(QA, SignOff(Role.QA, digest, note="looked at it"), "sign_off")
        await self.file(OPS, SignOff(Role.TECH_LEAD, digest), "sign_off")
        await self.file(LEAD, SignOff(Role.TECH_LEAD, digest), "sign_off")
        await self.file(OPS, Acknowledgement(), "acknowledgement")
        await self.file(OPS, Tick("deploy", "Migrations reviewed"), "tick")
        until = desk.clock.now() + timedelta(days=1)
        waiver = Waiver(TestsRule().kind, Role.TECH_LEAD, "known", until)
        await self.file(LEAD, waiver, "waiver")

    async def file(self, actor, content, act: str, commit: str | None = NEW) -> None:
        self.desk.clock.forward(seconds=1)
        paper = paper_of(self.context, actor, "shop", commit, content)
        await file_paper(self.context, paper, act, {})

    async def begin(self) -> Release:
        """Ask for the release, and decide on it."""
        now = self.desk.clock.now()
        registration = await self.context.store.registration("shop")
        release = Release(
            id="r1",
            service="shop",
            version="v1.2.0",
            commit=NEW,
            previous="v1.1.0",
            plan=registration.plan,
            actor="dana",
            created_at=now,
            stage=Stage.DRAFT,
            stage_since=now,
            reason="dana asked for it",
        )
        audit = AuditDraft("dana", "person:release:start", release.id, {"version": "v1.2.0"})
        self.release = await self.context.store.open(release, audit, ())
        await self.go(Stage.CHECKING, "begins")
        return self.release

    async def decide(self) -> Answer:
        """What the gates say now, written down as the desk writes it."""
        now = self.desk.clock.now()
        papers = await self.desk.store.papers("shop", NEW)
        dossier = Dossier("shop", "v1.2.0", NEW, papers, files={})
        plan = self.release.plan
        decision = decide(evaluate(plan, dossier, now, GateMoment.PRODUCTION), dossier, now)
        await self.record(f"gates:release:{decision.answer.value}", decision_data(decision))
        return decision.answer

    async def go(self, stage: Stage, reason: str, action: str = "", **fields: object) -> None:
        before = self.release.stage.value
        after = replace(move(self.release, stage, self.desk.clock.now(), reason), **fields)
        data = {"from": before, "to": stage.value, "reason": reason}
        await self.record(action or f"desk:release:{stage.value}", data, after)

    async def record(
        self,
        action: str,
        data: object = None,
        release: Release | None = None,
        look: Look | None = None,
        actor: str = "desk",
    ) -> None:
        self.desk.clock.forward(seconds=1)
        now = self.desk.clock.now()
        store = self.context.store
        lease = await store.claim("r1", "desk", now, now + timedelta(minutes=1))
        audit = None if look is not None else AuditDraft(actor, action, "r1", dict(data or {}))
        change = Change(release or self.release, lease, audit, look=look)
        self.release = await store.record(change)

    async def whole_way(self) -> Release:
        """Papers, decision, canary with two looks, harm, and back."""
        await self.papers()
        await self.begin()
        await self.decide()
        for stage in (Stage.CLEARED, Stage.STAGING):
            await self.go(stage, "on")
        await self.desk.file(CI, _smoke(), NEW)
        await self.decide()
        await self.go(Stage.CANARY, "customers come", step=0, exposed=True)
        for seen in (40, 80):
            await self.record("", look=a_look(self.desk.clock.now(), seen))
        data = {"at": self.desk.clock.now().isoformat(), "kpi": "errors"}
        await self.go(Stage.ROLLING_BACK, "harm: 4 of 80 bad", "judge:release:fail")
        await self.record("rollback:traffic:confirmed", data)
        await self.go(Stage.VERIFYING_ROLLBACK, "drained")
        await self.go(Stage.ROLLED_BACK, "v1.1.0 serves")
        return self.release

    async def bundle(self) -> bytes:
        return (await build_bundle(self.context, self.release)).encode()

    async def trust(self) -> Trust:
        return read_trust(await public_pem(self.context))


def _smoke():
    from gonogo.domain.evidence import Evidence as Report

    return Report("gonogo", "smoke", "44" * 32, 100, SmokeFacts("staging", 1, 0))


def a_look(at, seen: int) -> Look:
    """One look at the KPI errors, with evidence that knows no bound."""
    canary, baseline = Counts(seen // 20, seen), Counts(1, seen * 9)
    assessment = KpiAssessment(
        "errors",
        Verdict.UNPROVEN,
        baseline,
        canary,
        (Evidence(Test.RELATIVE, 1.25, 2.5, float("inf"), 0.005, 1.5),),
        Interval(None, 0.0, float("inf")),
        Interval(0.05, 0.01, 0.12),
        None,
        "nothing proven yet",
    )
    judgement = Judgement(Verdict.UNPROVEN, (assessment,), "nothing proven yet")
    return Look("r1", at, 0, 0.1, (Increment("errors", baseline, canary),), judgement, None, ("h",))


@asynccontextmanager
async def a_notary(folder: Path, plan: Plan | None = None) -> AsyncIterator[Notary]:
    async with a_desk(plan or shop_plan()) as desk:
        signer = FileSigner(folder / "keys", desk.clock, valid_for=timedelta(days=10))
        yield Notary(desk, replace(desk.context, signer=signer), signer)


__all__ = ["START", "Notary", "a_look", "a_notary"]
