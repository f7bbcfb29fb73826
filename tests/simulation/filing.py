"""People and programs that bring what gates ask for, or take it away again."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from random import Random

from tests.simulation.gatekeeper import Gatekeeper
from tests.simulation.ground import Ground
from tests.simulation.scenario import ERRORS, SERVICE

from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import TestFacts
from gonogo.domain.gate import GateKind, GateStatus
from gonogo.domain.paper import FiledEvidence, Paper
from gonogo.domain.plan import CriterionMode, RollbackCriterion
from gonogo.domain.release import Release
from gonogo.domain.traffic import Endpoint
from gonogo.usecases.context import Context
from gonogo.usecases.gates.sign_offs import sign_off, withdraw
from gonogo.usecases.gates.waivers import freeze
from gonogo.usecases.papers.filing import wake_releases
from gonogo.usecases.papers.versions import find_version

SIGNER = Actor("pat", frozenset({Role.QA, Role.DEVOPS}))
_TRIES = 3
PROMISE = RollbackCriterion(
    "promised", ERRORS, Endpoint(), 0.4, CriterionMode.LITERAL, timedelta(seconds=20), 10
)


class Filers:
    """Whoever files papers. What they do is done at once; whether the desk is told is another matter."""

    def __init__(self, ground: Ground, context: Context, gatekeeper: Gatekeeper) -> None:
        self._ground = ground
        self._context = context
        self._gatekeeper = gatekeeper
        self._random = Random(f"filing {ground.scenario.seed}")
        self._signed: list[str] = []
        self._reports = 0
        self._next_round = 0.0
        self.deeds: Mapping[str, Callable[[Release], Awaitable[None]]] = {
            "green": lambda release: self._report(release, failed=0),
            "red": lambda release: self._report(release, failed=2),
            "sign": self._sign,
            "withdraw": self._withdraw,
            "freeze": lambda _: self._freeze(on=True),
            "brief": lambda _: self._freeze(on=True, until=f"{self._random.randint(3, 30)}s"),
            "thaw": lambda _: self._freeze(on=False),
        }

    async def bring_what_is_missing(self, release: Release) -> None:
        """Look at the gates now and then, and mend one thing that people can mend."""
        now = self._ground.loop.time()
        if release.final or now < self._next_round:
            return
        self._next_round = now + self._random.uniform(3, 9)
        open_gates = {
            result.kind
            for result in self._gatekeeper.truth(release).results
            if result.status not in {GateStatus.PASS, GateStatus.NOT_APPLICABLE}
        }
        for kind, what in (
            (GateKind.TESTS, "green"),
            (GateKind.FREEZE, "thaw"),
            (GateKind.SIGN_OFFS, "sign"),
        ):
            if kind in open_gates:
                await self.deeds[what](release)
                return

    async def _report(self, release: Release, *, failed: int) -> None:
        self._reports += 1
        now, total = self._ground.clock.now(), 40
        facts = TestFacts(total, total - failed, failed, 0)
        digest = hashlib.sha256(f"{self._reports} {failed}".encode()).hexdigest()
        evidence = Evidence("junit", "unit.xml", digest, 900, facts, release.commit, now)
        content = FiledEvidence(evidence, now, claimed_commit=False, claimed_at=False, job="unit")
        paper = Paper(
            self._ground.new_id(), SERVICE, release.commit, now, "CI", (Role.CI,), content
        )
        audit = AuditDraft("CI", "person:version:evidence", SERVICE, {"digest": digest})
        await self._ground.store.file((paper,), audit)
        await wake_releases(self._context, SERVICE)

    async def _sign(self, release: Release) -> None:
        """Look, think, sign what was seen; when it has moved meanwhile, look again."""
        criteria = (PROMISE,) if self._random.random() < 0.3 else ()
        for _ in range(_TRIES):
            seen = await find_version(self._context, SERVICE, release.version)
            await asyncio.sleep(self._random.choice((0.0, 0.0, 0.5, 4.0)))
            try:
                paper = await sign_off(
                    self._context,
                    SIGNER,
                    service=SERVICE,
                    version=release.version,
                    role=Role.QA,
                    digest_seen=seen.digest,
                    criteria=criteria,
                )
            except Conflict:
                criteria = ()
                continue
            self._signed.append(paper.id)
            return

    async def _withdraw(self, release: Release) -> None:
        del release
        if not self._signed:
            return
        try:
            await withdraw(
                self._context, SIGNER, paper_id=self._signed[-1], reason="looked at the wrong build"
            )
        except (Conflict, NotFound):
            return

    async def _freeze(self, *, on: bool, until: str | None = None) -> None:
        try:
            await freeze(
                self._context, SIGNER, service=SERVICE, on=on, reason="a market day", until=until
            )
        except Conflict:
            return
