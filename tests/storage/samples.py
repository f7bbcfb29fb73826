"""Values to store, and a clock that stands where it is put."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo.domain.audit import AuditDraft, AuditEntry
from gonogo.domain.look import Look
from gonogo.domain.message import Message
from gonogo.domain.plan import (
    Command,
    CommandSmoke,
    CriterionMode,
    Environment,
    Health,
    HttpSmoke,
    Migrations,
    OnSilence,
    Plan,
    RollbackCriterion,
    Rollout,
    Step,
    Verification,
)
from gonogo.domain.registration import Registration
from gonogo.domain.release import Instruction, InstructionKind, Release, Stage
from gonogo.domain.traffic import BadStatus, Counts, Endpoint, Increment, Kpi, SlowerThan
from gonogo.domain.verdict import (
    Evidence,
    Interval,
    Judgement,
    KpiAssessment,
    Test,
    Verdict,
)
from gonogo.ports.store import Lease
from gonogo.storage.store import SqlStore

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass
class StandingClock:
    """Shows the same time until it is moved."""

    time: datetime = field(default=NOON)

    def now(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> datetime:
        self.time += timedelta(**span)
        return self.time


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


def a_plan(service: str = "orders", digest: str = "d1" * 32) -> Plan:
    return Plan(
        service=service,
        digest=digest,
        run="serve --port {port}",
        health=Health("/health"),
        environments=(
            Environment("staging", 8001),
            Environment("production", 8002, variables={"CACHE": "on"}),
        ),
        smoke=(
            HttpSmoke(
                "create", "POST", "/orders", body={"items": [1, 2.5, None]}, save={"id": "id"}
            ),
            CommandSmoke("list", Command("list", "curl {url}/orders", timedelta(seconds=1.5))),
        ),
        kpis=(
            Kpi("errors", BadStatus(((500, 599), (429, 429))), limit=0.01, ratio=2.0),
            Kpi(
                "slow", SlowerThan(timedelta(milliseconds=250)), Endpoint("GET", "/orders/*"), 0.05
            ),
        ),
        rollout=Rollout((Step(0.05, timedelta(minutes=10), 400),)),
        watch=timedelta(minutes=30),
        migrations=Migrations(Command("upgrade", "migrate up")),
        rollback_criteria=(
            RollbackCriterion(
                "no orders",
                BadStatus(((500, 599),)),
                Endpoint("POST", "/orders"),
                0.02,
                CriterionMode.LITERAL,
                timedelta(minutes=5),
            ),
        ),
        verification=Verification(timedelta(hours=1), OnSilence.ROLL_BACK),
    )


def a_registration(service: str = "orders", digest: str = "d1" * 32) -> Registration:
    return Registration(
        service=service,
        repository="/srv/git/orders",
        spec=f"service: {service}  # {digest}\n",
        plan=a_plan(service, digest),
        actor="ada",
        at=NOON,
        tester_secret="s3cret",
    )


def a_release(
    release_id: str = "r1", service: str = "orders", stage: Stage = Stage.DRAFT
) -> Release:
    return Release(
        id=release_id,
        service=service,
        version="v1.2.0",
        commit="c0ffee",
        previous="v1.1.0",
        plan=a_plan(service),
        actor="ada",
        created_at=NOON,
        stage=stage,
        stage_since=NOON,
        reason="asked for",
    )


def a_draft(subject: str = "r1", action: str = "desk:release:open", **data: object) -> AuditDraft:
    return AuditDraft(actor="ada", action=action, subject=subject, data=data)


def a_message(message_id: str = "m1", at: datetime = NOON) -> Message:
    return Message(id=message_id, release="r1", kind="stage", text="now canary", at=at)


def an_instruction(
    instruction_id: str = "i1", kind: InstructionKind = InstructionKind.PAUSE
) -> Instruction:
    return Instruction(instruction_id, "r1", kind, "ada", "lunch", NOON)


def a_look(number: int = 1, release_id: str = "r1") -> Look:
    counts = (Counts(number, 10 * number), Counts(0, number))
    return Look(
        release=release_id,
        at=NOON + timedelta(seconds=number),
        step=0,
        share=0.05,
        increments=(Increment("errors", *counts),),
        judgement=Judgement(
            Verdict.UNPROVEN,
            (
                KpiAssessment(
                    kpi="errors",
                    verdict=Verdict.UNPROVEN,
                    baseline=counts[0],
                    canary=counts[1],
                    evidence=(Evidence(Test.RELATIVE, -0.1, 2.3, 0.4, 0.005, 2.0),),
                    ratio=Interval(None, 0.0, float("inf")),
                    share=None,
                    more_requests=None,
                    sentence=f"canary 0 of {number} bad",
                ),
            ),
            "nothing speaks against it",
        ),
        hurt=("ab12", "cd34"),
    )


async def opened(store: SqlStore, release_id: str = "r1", service: str = "orders") -> Release:
    return await store.open(a_release(release_id, service), a_draft(release_id), ())


async def claimed(
    store: SqlStore, release_id: str = "r1", desk: str = "north", now: datetime = NOON
) -> Lease:
    lease = await store.claim(release_id, desk, now, now + timedelta(seconds=30))
    assert lease is not None
    return lease


async def all_of(entries: AsyncIterator[AuditEntry]) -> list[AuditEntry]:
    return [entry async for entry in entries]
