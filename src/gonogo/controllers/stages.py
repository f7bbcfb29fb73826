"""What is done in each stage of a release that goes forward.

Every function starts from what is true and may be run again after a crash: what was journalled is
not repeated, what stands is left standing, what is missing is made.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from gonogo import judge
from gonogo.controllers import clearing, confirming, rollback
from gonogo.controllers.collecting import collect, file_facts
from gonogo.controllers.deploying import see_that_scripts_are_there
from gonogo.controllers.drive import Drive, Seen
from gonogo.controllers.guard import Lookout
from gonogo.controllers.judging import Watcher
from gonogo.controllers.layout import promoted, shared
from gonogo.controllers.rehearsing import rehearse_rollback
from gonogo.controllers.steps import (
    admit,
    clear_out,
    command,
    lay_out,
    occupy,
    own_slot,
    smoke,
    smoke_facts,
)
from gonogo.domain.errors import ActionFailed
from gonogo.domain.gate import GateMoment
from gonogo.domain.instance import instance_id
from gonogo.domain.plan import Environment, OnSilence, Past
from gonogo.domain.release import Release, Stage
from gonogo.domain.rollout import Move, next_move
from gonogo.domain.slot import Slot, SlotRole, with_role
from gonogo.domain.verdict import Verdict
from gonogo.gates.words import count, span

BLOCKED = "cannot go on yet: "
"""How the reason of a release begins that waits for something which does not answer."""

WORSE = "worse than its past: "
"""How the reason of a release begins of which people were told that, and which is watched on."""


async def draft(drive: Drive, _: Lookout) -> None:
    """Nothing was done yet."""
    await drive.go(Stage.CHECKING, f"looks whether {drive.release.version} can be built")


async def check(drive: Drive, _: Lookout) -> None:
    """Lay the version's files out, build them, make the evidence that is declared, and decide."""
    release = drive.release
    repository = drive.registration.repository
    await drive.world.workshop.lay_out(repository, release.service, release.commit)
    if drive.plan.build is not None:
        repeatable = replace(drive.plan.build, repeatable=True)
        await command(drive, "build", repeatable, None)
    await see_that_scripts_are_there(drive)
    await collect(drive)
    await rehearse_rollback(drive)
    await clearing.before_staging(drive)


async def clear(drive: Drive, _: Lookout) -> None:
    """Go: the first environment comes next."""
    names = " → ".join(environment.name for environment in drive.plan.environments)
    await drive.go(Stage.STAGING, f"goes through {names}")


async def rehearse(drive: Drive, _: Lookout) -> None:
    """Deploy to each environment before production, smoke-test there, and switch it over."""
    for environment in drive.plan.rehearsals:
        own = await own_slot(drive, environment)
        if own is None or own.role is not SlotRole.BASELINE:
            await _deploy(drive, environment, SlotRole.STARTING)
            slots = promoted(await drive.slots(environment), _identity(drive, environment))
            await admit(drive, environment, slots, "switched")
        await clear_out(drive, environment, SlotRole.PREVIOUS, SlotRole.RETIRING)
        await _hooks_after(drive, environment)
    await clearing.before_production(drive)


async def _deploy(drive: Drive, environment: Environment, role: SlotRole) -> Slot:
    """Hooks, migrations, start, health and smoke, with no customer on the new version."""
    for hook in drive.plan.before:
        await command(drive, f"{environment.name}/{hook.name}", hook, environment)
    if drive.plan.migrations is not None:
        await command(
            drive, f"{environment.name}/migrate", drive.plan.migrations.upgrade, environment
        )
    slot = await occupy(drive, environment, role)
    slots = await drive.slots(environment)
    quiet = [replace(each, testers=each.name == slot.name) for each in slots]
    await admit(drive, environment, quiet, "testers")
    results = await smoke(drive, environment, replace(slot, testers=True), f"in {environment.name}")
    await file_facts(drive, f"smoke in {environment.name}", smoke_facts(environment, results))
    return slot


async def _hooks_after(drive: Drive, environment: Environment) -> None:
    for hook in drive.plan.after:
        await command(drive, f"{environment.name}/{hook.name}", hook, environment)


def _identity(drive: Drive, environment: Environment) -> str:
    return instance_id(drive.release.id, environment.name)


async def canary(drive: Drive, lookout: Lookout) -> None:
    """Share customers step by step, while the judge looks at every batch."""
    environment = drive.plan.production
    if drive.release.step < 0:
        await clearing.last_word(drive, clearing.before_production_moment(drive))
        await _deploy(drive, environment, SlotRole.CANARY)
        await clearing.last_word(drive, GateMoment.PRODUCTION)
        await clearing.take_criteria(drive)
        if with_role(await drive.slots(environment), SlotRole.BASELINE) is None:
            await drive.go(
                Stage.PROMOTING, "no version serves yet: there is nobody to compare with"
            )
            return
        await lookout.watcher()
        await _enter(drive, lookout, 0)
    elif (
        _identity(drive, environment) not in drive.world.withdrawn
    ):  # else only why is to be stored
        async with drive.world.place(drive.release.service, environment.name):
            await lay_out(drive, environment)
    while drive.release.stage is Stage.CANARY:
        watcher = await lookout.watcher()
        now = drive.world.clock.now()
        due = _may_end(drive, watcher.step_requests, now) and watcher.due_to_assess(now)
        harm = await (lookout.during(_next(drive, lookout)) if due else lookout.once())
        if harm is not None:
            await rollback.because_of(drive, lookout, harm)
            return
        await drive.heed()


async def _enter(drive: Drive, lookout: Lookout, step: int) -> None:
    """Begin a step: the row says so first, then the router follows."""
    environment = drive.plan.production
    plan = drive.plan.rollout.steps[step]
    now = drive.world.clock.now()

    def begun(release: Release) -> Release:
        return replace(release, step=step, step_since=now, exposed=True, reason=reason)

    reason = (
        f"{plan.share * 100:g} % of customers for {span(plan.hold)},"
        f" at least {count(plan.minimum_requests, 'canary request')}"
    )
    watcher = await lookout.watcher()
    async with drive.world.place(drive.release.service, environment.name):
        slots = shared(await drive.slots(environment), _identity(drive, environment), plan.share)

        async def record(seen: Seen) -> None:
            await drive.record(
                "desk:release:step",
                {"step": step, "share": plan.share, "reason": reason},
                change=begun,
                slots=slots,
                message=f"step {step + 1} of {len(drive.plan.rollout.steps)}: {reason}",
                seen=seen,
            )

        await watcher.begin_step(plan.share, record)
        await lay_out(drive, environment)
    watcher.follow(await drive.slots(environment))


def _may_end(drive: Drive, seen: int, now: datetime) -> bool:
    """Whether weighing the evidence could lead anywhere, or there is something to say anew.

    Harm is seen with every batch; before a step has its requests or its time nothing else ends it.
    """
    release = drive.release
    step = drive.plan.rollout.steps[release.step]
    over = now - (release.step_since or release.stage_since) >= step.hold
    return over or seen >= step.minimum_requests or release.reason.startswith(BLOCKED)


async def _next(drive: Drive, lookout: Lookout) -> None:
    watcher, release = await lookout.watcher(), drive.release
    since = release.step_since or release.stage_since
    now = drive.world.clock.now()
    judgement, seen = watcher.judgement(), watcher.step_requests
    found = next_move(drive.plan.rollout, release.step, since, judgement, seen, now)
    match found.move:
        case Move.HOLD:
            waits = found.reason.startswith("waits")
            if waits and watcher.blind_for() > drive.world.rhythm.gap_patience:
                # Too few requests were seen because none can be seen.
                reason = f"waits, inconclusive: {judgement.sentence}"
                await _hold(drive, judgement.verdict, reason)
                return
            await _hold(drive, judgement.verdict, found.reason)
        case Move.ADVANCE | Move.PROMOTE if watcher.blind_for() > timedelta():
            return  # what was seen before says nothing of now: onward only with open eyes
        case Move.ADVANCE:
            await watcher.flush()
            await _enter(drive, lookout, release.step + 1)
        case Move.PROMOTE:
            await watcher.flush()
            await drive.go(Stage.PROMOTING, found.reason)
        case Move.ASK:
            await drive.go(Stage.NEEDS_PERSON, found.reason)
        case Move.ROLL_BACK:
            return  # whoever watches beside this has the evidence of harm, and acts on it


async def _hold(drive: Drive, verdict: Verdict, reason: str) -> None:
    """Say once why it waits when the step's own time is over; a running step says nothing new."""
    kind = reason.partition(":")[0]
    news = reason.startswith("waits") and not drive.release.reason.startswith(kind)
    if news or drive.release.reason.startswith(BLOCKED):
        await drive.record(
            "desk:release:waits",
            {"reason": reason, "verdict": verdict.value},
            change=lambda release: replace(release, reason=reason),
            message=reason,
        )


async def promote(drive: Drive, lookout: Lookout) -> None:
    """Give the new version everyone, and keep the one before warm."""
    environment = drive.plan.production
    own = await own_slot(drive, environment)
    if own is None:
        raise ActionFailed(f"{drive.release.version} has no slot in {environment.name}")
    if own.role is not SlotRole.BASELINE:
        slots = promoted(await drive.slots(environment), _identity(drive, environment))
        async with drive.world.place(drive.release.service, environment.name):
            await drive.record(
                "desk:release:promoted",
                {"shares": {slot.name: slot.share for slot in slots}, "share": 1.0},
                change=lambda release: replace(release, exposed=True),
                slots=slots,
                message="has all customers",
            )
            await lay_out(drive, environment)
    else:
        async with drive.world.place(drive.release.service, environment.name):
            await lay_out(drive, environment)
    watcher = await lookout.watcher()
    watcher.follow(await drive.slots(environment))
    watcher.go_on_alone()
    await watcher.flush()

    async def settle() -> None:
        await clear_out(drive, environment, SlotRole.RETIRING)
        await _hooks_after(drive, environment)

    harm = await lookout.during(settle())
    if harm is not None:
        await rollback.because_of(drive, lookout, harm)
        return
    await drive.go(Stage.VERIFYING, "all customers are on it; smoke comes next")


async def verify(drive: Drive, lookout: Lookout) -> None:
    """Smoke test in production, then a person's word where the plan asks for one."""
    harm = await lookout.during(_verify(drive))
    if harm is not None:
        await rollback.because_of(drive, lookout, harm)
    elif drive.release.stage is Stage.VERIFYING:
        seconds = max(drive.plan.watch, drive.plan.rollout.warm).total_seconds()
        await drive.go(Stage.WATCHING, f"smoke is green; watched for {seconds:g} s more")


async def _verify(drive: Drive) -> None:
    environment = drive.plan.production
    own = await own_slot(drive, environment)
    if own is None:
        raise ActionFailed(f"{drive.release.version} has no slot in {environment.name}")
    await smoke(drive, environment, own, "after promotion")
    wanted = drive.plan.verification
    if wanted is None:
        return
    await confirming.ask(drive, "it serves everyone")
    if not await confirming.wait_for_word(drive):
        await _silence(drive, wanted.on_silence)


async def _silence(drive: Drive, rule: OnSilence) -> None:
    said = "nobody confirmed the release in time"
    if rule is OnSilence.ROLL_BACK:
        raise ActionFailed(said)
    if rule is OnSilence.NEEDS_PERSON:
        await drive.go(Stage.NEEDS_PERSON, said)
        return
    await drive.record("desk:verification:accepted", {"reason": f"{said}; the plan accepts that"})


async def _tell_of_past(drive: Drive, watcher: Watcher) -> None:
    """Say once that it is worse than the version before was, which may be no fault of its own."""
    told = drive.release.reason.startswith(WORSE) or drive.plan.rollout.past is not Past.TELL
    if told or not watcher.due_to_assess(drive.world.clock.now()):
        return
    found = judge.worse_than_past(watcher.judgement())
    if found is not None:
        reason = f"{WORSE}{found}"
        await drive.record(
            "desk:release:warned",
            {"reason": reason},
            change=lambda release: replace(release, reason=reason),
            message=reason,
        )


async def watch(drive: Drive, lookout: Lookout) -> None:
    """Watch with nobody left to compare with, then smoke again and let the version before go."""
    environment = drive.plan.production
    end = drive.release.stage_since + max(drive.plan.watch, drive.plan.rollout.warm)
    while not (await lookout.watcher()).looked_after(end):
        harm = await lookout.once()
        if harm is not None:
            await rollback.because_of(drive, lookout, harm)
            return
        watcher, late = await lookout.watcher(), drive.world.clock.now() - end
        if late > drive.plan.rollout.patience:
            said = f"the watch is over, and its last requests cannot be counted: {watcher.blind_because}"
            await drive.go(Stage.NEEDS_PERSON, said)
            return
        await _tell_of_past(drive, watcher)
        await drive.heed()

    async def finish() -> None:
        own = await own_slot(drive, environment)
        if own is not None:
            await smoke(drive, environment, own, "at the end of the watch")

    harm = await lookout.during(finish())
    if harm is not None:
        await rollback.because_of(drive, lookout, harm)
        return
    watcher = await lookout.watcher()
    await watcher.flush()
    await lookout.close()
    await clear_out(drive, environment, SlotRole.PREVIOUS, SlotRole.RETIRING)
    await drive.go(Stage.RELEASED, "verified in production")
