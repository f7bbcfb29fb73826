"""May it go on? The gates' answer, looked at again whenever something may have changed it.

A decision is made before staging, again before production, and once more at the last moment before
the first customer. Between those it follows evidence, time and people: a paper that is filed wakes
the release, and the decision itself says when time alone may change it.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from gonogo.controllers.collecting import renew_smoke
from gonogo.controllers.drive import Drive
from gonogo.controllers.guard import Lookout
from gonogo.controllers.rollback import unrehearse
from gonogo.domain.actor import DESK
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import ActionFailed
from gonogo.domain.gate import (
    Answer,
    Decision,
    GateKind,
    GateMode,
    GateMoment,
    GateResult,
    GateStatus,
)
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.plan import RollbackCriterion
from gonogo.domain.release import Release, Stage
from gonogo.domain.slot import SlotRole, with_role
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.sign_offs import standing
from gonogo.gates.supply import AGE_UNIT
from gonogo.gates.words import KINDS
from gonogo.gates.written import decision_data
from gonogo.ports.dossiers import Candidate


async def dossier_of(drive: Drive) -> Dossier:
    """Everything that is known of the release's version now."""
    release = drive.release
    slots = await drive.slots(drive.plan.production)
    serving = with_role(slots, SlotRole.BASELINE)
    own = serving is not None and serving.commit == release.commit
    candidate = Candidate(
        plan=drive.plan,
        repository=drive.registration.repository,
        version=release.version,
        commit=release.commit,
        previous=release.previous,
        previous_commit=None if serving is None or own else serving.commit,
    )
    # Outside of what may take long: a read that never comes back must be missed like any other.
    papers = await drive.world.store.papers(release.service, release.commit)
    return await drive.world.dossiers.gather(candidate, papers)


async def look(drive: Drive, moment: GateMoment) -> Decision:
    """Decide, and write the decision down when it is another one than before."""
    dossier = await dossier_of(drive)
    # Reading can take long: what ran out meanwhile does not count any more.
    now = drive.world.clock.now()
    decision = decide(evaluate(drive.plan, dossier, now, moment), dossier, now)
    said = _gist(decision)
    if drive.decided != said:
        await drive.record(f"gates:release:{decision.answer.value}", decision_data(decision))
        drive.decided = said
    return decision


def _gist(decision: Decision) -> tuple[Any, ...]:
    """What makes a decision another one; that evidence has grown older by a minute does not."""
    return (
        decision.answer,
        decision.digest,
        tuple((result.kind, result.status, _figure(result)) for result in decision.results),
    )


def _figure(result: GateResult) -> float | None:
    """The number that a result is about, unless that is an age, which is another one at every look."""
    return None if result.unit == AGE_UNIT else result.number


def before_production_moment(drive: Drive) -> GateMoment:
    """What must be answered before production is touched.

    Where there is no staging, what staging would answer is answered in production without customers.
    """
    return GateMoment.PRODUCTION if drive.plan.rehearsals else GateMoment.STAGING


def lets_on(decision: Decision, moment: GateMoment) -> bool:
    """Whether the way goes on from this moment: a GO, or nothing missing that is due by now."""
    return decision.answer is Answer.GO or (moment is GateMoment.STAGING and decision.rehearse)


def let_on(decision: Decision) -> str:
    """Why it may go on: the GO itself, or that what is open is answered on the way."""
    if decision.answer is Answer.GO:
        return decision.sentence
    later = [KINDS[result.kind] for result in decision.results if result.later]
    return f"nothing is missing so far; to be answered before customers come: {', '.join(later)}"


async def hold(drive: Drive, _: Lookout) -> None:
    """The stage `held`: wait for what is missing, and go on as soon as it is there."""
    moment = GateMoment.STAGING
    if drive.release.came_from is Stage.STAGING:
        moment = before_production_moment(drive)
    while drive.release.stage is Stage.HELD:
        await drive.heed()
        decision = await look(drive, moment)
        if decision.answer is Answer.NO_GO:
            await refuse(drive, decision)
        elif lets_on(decision, moment):
            await drive.go(Stage.CLEARED, let_on(decision))
        elif _only_smoke_is_old(decision):
            await renew_smoke(drive)
        else:
            await _keep_reason(drive, decision)
            await drive.wait(_patience(drive, decision))


def _only_smoke_is_old(decision: Decision) -> bool:
    """Whether nothing is missing any more but the smoke tests that grew old while it waited."""
    open_ones = [result for result in decision.results if result.mode is GateMode.REQUIRED]
    open_ones = [result for result in open_ones if result.status in _OPEN]
    return bool(open_ones) and all(
        result.kind is GateKind.SMOKE and result.status is GateStatus.STALE for result in open_ones
    )


_OPEN = frozenset({GateStatus.FAIL, GateStatus.MISSING, GateStatus.STALE, GateStatus.INCONCLUSIVE})


async def _keep_reason(drive: Drive, decision: Decision) -> None:
    """Say why it waits, once for each decision: that something has grown older is no news."""
    before, said = drive.release.reason, _gist(decision)
    if before == decision.sentence or drive.waiting == (said, before):
        return
    await drive.record(
        "desk:release:waits",
        {"reason": decision.sentence},
        change=lambda release: replace(release, reason=decision.sentence),
        message=decision.sentence,
    )
    drive.waiting = (said, decision.sentence)


def _patience(drive: Drive, decision: Decision) -> timedelta:
    """How long nothing can change by itself, at most as long as is good to look without a reason."""
    longest = drive.world.rhythm.regard
    if decision.due is None:
        return longest
    left = decision.due - drive.world.clock.now()
    return max(drive.world.rhythm.poll, min(left, longest))


async def before_staging(drive: Drive) -> None:
    """From `checking`: on to staging, held for what is missing, or refused."""
    await _go_on(drive, GateMoment.STAGING, Stage.CLEARED)


async def before_production(drive: Drive) -> None:
    """From `staging`: on to production, held for what is missing, or refused."""
    await _go_on(drive, before_production_moment(drive), Stage.CANARY)


async def _go_on(drive: Drive, moment: GateMoment, onward: Stage) -> None:
    decision = await look(drive, moment)
    if decision.answer is Answer.NO_GO:
        await refuse(drive, decision)
    else:
        stage = onward if lets_on(decision, moment) else Stage.HELD
        reason = decision.sentence if stage is Stage.HELD else let_on(decision)
        await drive.go(stage, reason)
        drive.waiting = (_gist(decision), reason)


async def last_word(drive: Drive, moment: GateMoment) -> None:
    """In production, before customers: wait in the present stage for as long as something is missing.

    Raises ActionFailed when the answer has become No-Go: what was begun is taken back.
    """
    while True:
        decision = await look(drive, moment)
        if decision.answer is Answer.NO_GO:
            raise ActionFailed(decision.sentence)
        if lets_on(decision, moment):
            return
        if _only_smoke_is_old(decision):
            await renew_smoke(drive)
            continue
        await _keep_reason(drive, decision)
        await drive.wait(_patience(drive, decision))


async def refuse(drive: Drive, decision: Decision) -> None:
    """No-Go: what was rehearsed is taken out again."""
    with drive.undisturbed():
        await unrehearse(drive)
    await drive.go(Stage.NO_GO, decision.sentence)


async def take_criteria(drive: Drive) -> None:
    """Make the rollback criteria of valid sign-offs part of the release, each with its signer's name."""
    known = {criterion.name for criterion in drive.plan.rollback_criteria}
    signed = await _signed(drive)
    new = tuple(criterion for criterion in signed if criterion.name not in known)
    if not new:
        return

    def extended(release: Release) -> Release:
        criteria = (*release.plan.rollback_criteria, *new)
        return replace(release, plan=replace(release.plan, rollback_criteria=criteria))

    data = {"criteria": [criterion.name for criterion in new]}
    await drive.record("desk:release:criteria", data, change=extended, actor=DESK.name)


async def _signed(drive: Drive) -> tuple[RollbackCriterion, ...]:
    """The criteria of sign-offs that hold now, by the plan's own rule over them where it has one."""
    rule = next((rule for rule in drive.plan.gates if isinstance(rule, SignOffsRule)), None)
    if rule is None:
        rule = SignOffsRule(author_may_sign=True)
    dossier = await dossier_of(drive)
    found: dict[str, RollbackCriterion] = {}
    for one in standing(dossier, rule, drive.world.clock.now()):
        if one.void is not None:
            continue
        for criterion in one.sign_off.criteria:
            signer = f"{one.paper.actor} as {one.sign_off.role.words}"
            name = f"{criterion.name} (signed by {signer})"
            found[name] = replace(criterion, name=name, signer=signer)
    return tuple(found.values())
