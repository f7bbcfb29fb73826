"""What must be true when a run is over and nothing is wrong any more."""

from tests.simulation.ground import NEW, Ground

from gonogo.controllers.layout import follows, layout_of
from gonogo.domain.audit import first_broken
from gonogo.domain.release import WAITING, Stage
from gonogo.domain.slot import SlotRole

_ENOUGH_BAD = 150
"""So many bad answers, seen by a source that worked, must never end as a release."""


async def look_back(ground: Ground) -> None:
    """Complain of everything that is not as it should be at the end."""
    await _books(ground)
    await _router(ground)
    _processes(ground)
    await _messages(ground)
    _verdict(ground)


async def _books(ground: Ground) -> None:
    referee = ground.referee
    entries = [entry async for entry in ground.store.entries()]
    broken = first_broken(entries)
    if broken is not None:
        referee.complain(f"the audit chain breaks at {broken[0].sequence}: {broken[1]}")
    for identity, case in referee.cases.items():
        stored = await ground.store.release(identity)
        if stored != case.release:
            referee.complain(
                f"{identity} is stored as {stored and stored.stage}, not as it was told"
            )
        told = [
            entry.data["to"]
            for entry in entries
            if entry.subject == identity and "to" in entry.data
        ]
        if told and told[-1] != case.release.stage.value:
            referee.complain(f"{identity} is {case.release.stage}, its audit says {told[-1]}")
        if case.release.stage in WAITING and not case.release.reason:
            referee.complain(f"{identity} waits and does not say why")


async def _router(ground: Ground) -> None:
    referee, registration = ground.referee, ground.registration
    for environment in registration.plan.environments:
        slots = await ground.store.slots(registration.service, environment.name)
        for slot in slots:
            mirrored = referee.rows.get((environment.name, slot.name))
            if mirrored is not None and mirrored != slot:
                referee.complain(f"slot {slot.name} of {environment.name} is not as it was told")
        if not any(slot.instance for slot in slots):
            continue
        reading = await ground.router.read(registration.service, environment.name)
        layout = layout_of(registration, environment, slots)
        if not follows(reading, layout):
            referee.complain(
                f"the router of {environment.name} does not follow its rows: {reading}"
            )


def _processes(ground: Ground) -> None:
    referee = ground.referee
    if not all(case.release.final for case in referee.cases.values()):
        return
    wanted = set()
    for slot in referee.rows.values():
        if slot.role is SlotRole.BASELINE:
            wanted.add(slot.instance)
        elif slot.role is not SlotRole.EMPTY:
            referee.complain(f"{slot.instance} is left {slot.role.value} after the end")
    for instance in ground.deployer.running():
        if instance.id not in wanted:
            referee.complain(f"{instance.id} still runs after the end")
    running = {instance.id for instance in ground.deployer.running()}
    running |= {
        slot.instance
        for slot in referee.rows.values()
        if slot.adopted and slot.address in ground.deployer.outside
    }
    for identity in wanted - running:
        behaviour = ground.scenario.candidate.behaviour
        frail = behaviour.exits_after is not None or behaviour.refuses is not None
        if not ground.scenario.old_refuses and not (
            frail
            and any(s.instance == identity and s.version == NEW for s in referee.rows.values())
        ):
            referee.complain(f"{identity} should serve and does not run")
    if ground.metrics.open_streams():
        referee.complain("a metric stream is left open")


async def _messages(ground: Ground) -> None:
    waiting = await ground.store.waiting(ground.clock.now())
    if waiting:
        ground.referee.complain(f"{len(waiting)} messages were never sent")
    sent = {message.id for message in ground.notifier.messages}
    for missing in sorted(ground.referee.messages - sent):
        ground.referee.complain(f"message {missing} was never sent")


def _verdict(ground: Ground) -> None:
    for case in ground.referee.cases.values():
        if case.release.version != NEW or case.release.stage is not Stage.RELEASED:
            continue
        if ground.bad_seen >= _ENOUGH_BAD:
            ground.referee.complain(f"released after {ground.bad_seen} bad answers")
