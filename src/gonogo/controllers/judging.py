"""Watching customers while a release is exposed: counts in, verdict out, in one process.

No queue and no polling lies between the deciding event and the answer: `look` returns the moment a
batch was counted. What the judge has eaten is stored together with what it was fed, so that after a
crash it goes on from the last stored look; what happened in between is recorded as a gap.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from types import TracebackType

from gonogo import judge
from gonogo.controllers.drive import Drive, Seen
from gonogo.controllers.gauges import GaugeReader
from gonogo.controllers.layout import instance_of
from gonogo.controllers.pace import ASSESS, BOOKS, EAT
from gonogo.controllers.stretch import Stretch, Unstored
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.instance import Instance, instance_id
from gonogo.domain.look import UNWATCHED
from gonogo.domain.plan import CriterionMode, RollbackCriterion, as_kpi_name
from gonogo.domain.release import Stage
from gonogo.domain.slot import Slot, SlotRole
from gonogo.domain.traffic import Arm, Counts, Increment, Kpi
from gonogo.domain.verdict import Judgement, Verdict
from gonogo.ports.metrics import Batch, MetricStream

FIRST_CUSTOMERS = frozenset({"desk:release:step", "desk:release:promoted"})
"""Audit entries by which the first customer may have come."""

_NOBODY = Counts(), Counts()

_SHORTEST_WAIT = 0.02
"""Seconds that are worth waiting for a larger batch; a desk with few releases never does."""

PAST_LASTS = timedelta(hours=1)
"""How long after promotion what the baseline had is held against the version; then it is too old."""


class Watcher:
    """The judge at work on one release, from its first customer to its end."""

    def __init__(self, drive: Drive, slots: tuple[Slot, ...]) -> None:
        self._drive = drive
        self._plan = judge.judge_plan(drive.plan, drive.release.attempt)
        self._memory = judge.begin(self._plan)
        self._instance = instance_id(drive.release.id, drive.plan.production.name)
        self._arms: dict[str, Arm] = {}
        self._gauges = judge.begin_gauges(drive.plan.gauges)
        self._reader = GaugeReader(drive.world, drive.plan.gauges)
        self._promoted_at: datetime | None = None
        self._past_is_over = False
        self._criteria = tuple(
            criterion
            for criterion in drive.plan.rollback_criteria
            if criterion.mode is CriterionMode.LITERAL
        )
        self._literal = judge.begin_literal(self._criteria)
        self._stretch = Stretch()
        self._first_customer: datetime | None = None
        self._blind_since: datetime | None = None
        self._answered_at: datetime | None = None
        self._blind_because = ""
        self._last_flush = drive.world.clock.now()
        self._next_assessment = self._last_flush
        self._stack = AsyncExitStack()
        self._stream: MetricStream | None = None
        self._eaten_at = 0.0
        self._unstored = Unstored(drive)
        self.step_requests = 0
        self.own: Instance | None = None
        self.follow(slots)

    async def __aenter__(self) -> "Watcher":
        """Subscribe, and pick up what the judge remembered before a crash."""
        drive = self._drive
        environment = drive.plan.production
        kpis = (*self._plan.kpis, *(_as_kpi(criterion) for criterion in self._criteria))
        source = drive.world.metrics_of(drive.plan).subscribe(
            drive.release.service, environment.name, kpis
        )
        async with AsyncExitStack() as opening:  # closes the stream when the rest fails
            self._stream = await opening.enter_async_context(source)
            stored = await drive.world.store.judge_memory(drive.release.id)
            if stored is not None:
                self._remember(stored)
                await self._recount()
            await self._recall_first_customer()
            await opening.enter_async_context(self._reader)
            drive.world.pace.watched += 1
            opening.callback(self._watched_no_more)
            self._stack = opening.pop_all()
        return self

    async def _recall_first_customer(self) -> None:
        """When customers came first, from the audit chain; criteria may hold for a time after it."""
        release = self._drive.release
        if not release.exposed or all(each.lasts is None for each in self._criteria):
            return
        async for entry in self._drive.world.store.entries(subject=release.id):
            if entry.action in FIRST_CUSTOMERS:
                self._first_customer = entry.at
                return

    def _remember(self, stored: bytes) -> None:
        """Go on from what was stored; what another gonogo stored in another form begins anew.

        Beginning anew spends the budget of the next attempt, so that the promise of few false alarms
        holds over both.
        """
        try:
            known = judge.decode_all(self._plan, self._drive.plan.gauges, stored)
        except InvalidInput as error:
            self._plan = judge.judge_plan(self._drive.plan, self._drive.release.attempt + 1)
            self._memory = judge.begin(self._plan)
            self._stretch.gap = f"what was seen before cannot be read any more: {error}"
            return
        self._memory, self._gauges = known.memory, known.gauges
        self._promoted_at = known.promoted_at

    def _remembered(self) -> bytes:
        """All that judging would go on with after a crash."""
        return judge.encode_all(judge.Recollection(self._memory, self._gauges, self._promoted_at))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    def _watched_no_more(self) -> None:
        self._drive.world.pace.watched -= 1

    async def _recount(self) -> None:
        looks = await self._drive.world.store.looks(self._drive.release.id)
        if not looks:
            return
        now = self._drive.world.clock.now()
        unseen = (now - looks[-1].at).total_seconds()
        self._stretch.gap = self._stretch.gap or f"{UNWATCHED} {unseen:.1f} s"
        self._stretch.recall_hurt(client for look in looks for client in look.hurt)
        current = [look for look in looks if look.step == self._drive.release.step]
        self.step_requests = sum(
            max((increment.canary.total for increment in look.increments), default=0)
            for look in current
        )

    def follow(self, slots: tuple[Slot, ...]) -> None:
        """Learn which instance is which arm after the rows changed.

        `own` is the one that is released, None where it has no slot any more. Nobody but this drive
        changes that.
        """
        self._arms = _arms(slots, self._instance)
        plan = self._drive.plan
        slot = next((slot for slot in slots if slot.instance == self._instance), None)
        self.own = None if slot is None else instance_of(slot, plan, plan.production)
        self._reader.follow(self.own)

    async def begin_step(self, share: float, record: Callable[[Seen], Awaitable[None]]) -> None:
        """A rollout step with this planned share begins: a fault may begin with it.

        `record` stores the row that says so with what it is given: the stretch that ends, and a judge
        that knows of the step. Raises what `record` raises; after Unavailable the step before goes
        on, for the judge as for the row: the split of one is not held against the plan of the other.
        """
        ended = self.conclude(self.judgement())
        before = self._memory, self._gauges, self.step_requests
        self._memory = judge.next_step(self._plan, self._memory, share=share)
        self._gauges = judge.next_step_of_gauges(self._gauges)
        self.step_requests = 0
        try:
            await self._unstored.store()
            await record(Seen(ended.look, self._remembered()))
        except Unavailable:
            self._memory, self._gauges, self.step_requests = before
            self._unstored.keep(ended)
            raise

    def go_on_alone(self) -> None:
        """The time after promotion begins: nobody is left to compare with but the recorded past."""
        if self._promoted_at is None:
            self._promoted_at = self._drive.world.clock.now()
        self._memory = judge.next_step(self._plan, self._memory, alone=True)
        self._gauges = judge.next_step_of_gauges(self._gauges)
        self.step_requests = 0

    async def look(self, within: timedelta) -> bool:
        """Wait for the next batch, at most `within`, and let the judge see it.

        Returns whether it decided that the release harms; what was read of gauges meanwhile is seen
        too, and never waited for. A source that cannot be reached is remembered as blindness and never
        counted as health.
        """
        if self._stream is None:
            raise RuntimeError("a watcher is used inside `async with`")
        await self._let_more_come()
        now = self._drive.world.clock.now()
        self._let_the_past_rest(now)
        try:
            batch = await self._stream.next(within)
        except Unavailable as error:
            self._note_gap(now, str(error))
            await self._drive.wait(within)
            return self._harmed()
        if batch.gap is not None:
            self._note_gap(batch.at, batch.gap)
        else:
            self._answered_at = now
            self._eat(batch)
        return self._harmed()

    async def _let_more_come(self) -> None:
        """Of very many releases each is judged a little less often, on a little more."""
        apart = self._drive.world.pace.of_releases(timedelta(), EAT).total_seconds()
        left = self._eaten_at + apart - asyncio.get_running_loop().time()
        if left > _SHORTEST_WAIT:
            await asyncio.sleep(left)

    def _harmed(self) -> bool:
        readings = self._reader.take()
        if readings:
            self._gauges = judge.observe_gauges(self._gauges, readings)
            self._stretch.readings += readings
        return judge.failed(self._memory) or judge.failed_gauge(self._gauges) is not None

    def _let_the_past_rest(self, now: datetime) -> None:
        begun = self._promoted_at
        if begun is not None and not self._past_is_over and now - begun >= PAST_LASTS:
            self._memory = judge.end_past(self._plan, self._memory)
            self._past_is_over = True

    def _note_gap(self, at: datetime, why: str) -> None:
        if self._stretch.has_counts:
            self._close_look()  # what was counted before the gap is good and stays
        self._stretch.gap = self._blind_because = why
        if self._blind_since is None:
            self._blind_since = at

    def _eat(self, batch: Batch) -> None:
        if not batch.counts and not batch.hurt:
            return
        if self._stretch.gap is not None:
            self._close_look()
        self._blind_since = None
        self._eaten_at = asyncio.get_running_loop().time()
        seen = self._on_arms(batch.counts)
        increments = []
        for kpi in self._plan.kpis:
            baseline, canary = seen.get(kpi.name, _NOBODY)
            if baseline.total or canary.total:
                increments.append(Increment(kpi.name, baseline, canary))
        signed = {
            criterion.name: seen.get(as_kpi_name(criterion), _NOBODY)[1]
            for criterion in self._criteria
            if self._holds(criterion, batch.at)
        }
        self._literal = judge.observe_literal(self._literal, batch.at, signed)
        if increments:
            self._memory = judge.observe(self._plan, self._memory, increments)
        if increments or batch.hurt:  # what a customer asks again counts no more, and hurts
            self._stretch.add(increments, batch, self._arms)
            self.step_requests += sum(
                number
                for address, number in batch.requests.items()
                if self._arms.get(address) is Arm.CANARY
            )

    def _holds(self, criterion: RollbackCriterion, at: datetime) -> bool:
        """Whether its signer meant it to hold at this moment."""
        if self._first_customer is None:
            self._first_customer = at
        return criterion.lasts is None or at <= self._first_customer + criterion.lasts

    def _on_arms(
        self, counts: Mapping[tuple[str, str], Counts]
    ) -> dict[str, tuple[Counts, Counts]]:
        """By the name of the KPI: what the baseline got, and what the canary got."""
        found: dict[str, tuple[Counts, Counts]] = {}
        for (address, name), got in counts.items():
            arm = self._arms.get(address)
            if arm is not None:
                baseline, canary = found.get(name, _NOBODY)
                of_canary = arm is Arm.CANARY
                found[name] = (baseline, canary + got) if of_canary else (baseline + got, canary)
        return found

    @property
    def first_bad(self) -> datetime | None:
        """When the first customer was hurt by the version, as far as this watcher saw it."""
        return self._stretch.first_bad

    def criterion_met(self) -> str | None:
        """The sentence of a literal rollback criterion that is met now, or None."""
        return judge.fired(self._literal)

    def judgement(self) -> Judgement:
        """What the judge says now. Blindness that lasts makes it inconclusive."""
        release, plan = self._drive.release, self._drive.plan
        in_canary = (
            0 <= release.step < len(plan.rollout.steps) and release.stage is not Stage.WATCHING
        )
        minimum = plan.rollout.steps[release.step].minimum_requests if in_canary else 0
        rates = judge.assess(self._plan, self._memory, minimum)
        gauges = judge.assess_gauges(self._gauges, self._drive.world.clock.now())
        found = judge.with_gauges(rates, gauges)
        blind = self.blind_for()
        if found.verdict is not Verdict.FAIL and blind > self._drive.world.rhythm.gap_patience:
            why = f"no trustworthy counts for {blind.total_seconds():.0f} s: {self._blind_because}"
            return Judgement(Verdict.INCONCLUSIVE, found.kpis, why, gauges)
        return found

    def looked_after(self, at: datetime) -> bool:
        """Whether the source was asked after that moment and answered, be it that nobody came."""
        return self._answered_at is not None and self._answered_at >= at

    @property
    def blind_because(self) -> str:
        """What the source said last when it gave no counts."""
        return self._blind_because or "it does not answer"

    def blind_for(self) -> timedelta:
        """How long the source has not given counts that could be trusted."""
        if self._blind_since is None:
            return timedelta()
        return self._drive.world.clock.now() - self._blind_since

    def due_to_assess(self, now: datetime) -> bool:
        """Whether it is time to weigh everything; evidence of harm is seen at once without it."""
        if now < self._next_assessment:
            return False
        world = self._drive.world
        self._next_assessment = now + world.pace.of_releases(world.rhythm.poll, ASSESS)
        return True

    def due(self) -> bool:
        """Whether there is something to store, and it is time to."""
        waited = self._drive.world.clock.now() - self._last_flush
        world = self._drive.world
        return bool(self._stretch or self._unstored) and waited >= world.pace.of_releases(
            world.rhythm.flush, BOOKS
        )

    async def flush(self) -> None:
        """Store what was seen since the last time, with the judge's memory of it.

        Raises Unavailable when it cannot be stored now; it is kept for the next time.
        """
        self._last_flush = self._drive.world.clock.now()
        await self._unstored.store()
        self._close_look()
        await self._unstored.store()

    async def store_with(
        self, judgement: Judgement, record: Callable[[Seen], Awaitable[None]]
    ) -> None:
        """End the present stretch and store it in the same change as what follows from it.

        Raises what `record` raises; after Unavailable the stretch is kept for the next time.
        """
        seen = self.conclude(judgement)
        try:
            await self._unstored.store()
            await record(seen)
        except Unavailable:
            self._unstored.keep(seen)
            raise

    def _close_look(self) -> None:
        self._unstored.keep(self.conclude(self.judgement()))

    def conclude(self, judgement: Judgement) -> Seen:
        """End the present stretch: what was seen in it, to be stored with whatever follows from it."""
        release = self._drive.release
        promoted = release.stage in {Stage.PROMOTING, Stage.VERIFYING, Stage.WATCHING}
        steps = self._drive.plan.rollout.steps
        share = steps[release.step].share if 0 <= release.step < len(steps) else 0.0
        look = self._stretch.end(self._drive, 1.0 if promoted else share, judgement)
        self._last_flush = self._drive.world.clock.now()
        return Seen(look, self._remembered())


def _as_kpi(criterion: RollbackCriterion) -> Kpi:
    return Kpi(as_kpi_name(criterion), criterion.bad, criterion.endpoint, criterion.limit)


def _arms(slots: tuple[Slot, ...], instance: str) -> dict[str, Arm]:
    """Which address is which arm: the release's version is the canary, the one before the baseline."""
    arms: dict[str, Arm] = {}
    for slot in slots:
        if slot.address is None:
            continue
        if slot.instance == instance:
            arms[slot.address] = Arm.CANARY
        elif slot.role in {SlotRole.BASELINE, SlotRole.PREVIOUS}:
            arms[slot.address] = Arm.BASELINE
    return arms
