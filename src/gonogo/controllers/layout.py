"""From the rows that say what should be to what the router and the deployer are asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from gonogo.domain.ground import ADOPTED, Ground, shares_itself
from gonogo.domain.instance import Instance
from gonogo.domain.placeholders import fill
from gonogo.domain.plan import Environment, Plan
from gonogo.domain.registration import Registration
from gonogo.domain.slot import Layout, RouterReading, Slot, SlotRole, Target, with_role


def layout_of(
    registration: Registration,
    environment: Environment,
    slots: Sequence[Slot],
    withdrawn: Collection[str] = (),
) -> Layout:
    """What the router of this environment should be; `withdrawn` instances get nobody.

    Customers who were taken off a version before its row says so stay off it until the rows change:
    that picture is newer than the rows, and older than the next ones.
    """
    picture = picture_of(slots)
    for instance in withdrawn:
        if any(slot.instance == instance and slot.share > 0 for slot in slots):
            picture |= 1
            changes = {slot.name: slot for slot in take_out(slots, instance)}
            slots = [changes.get(slot.name, slot) for slot in slots]
    return Layout(
        service=registration.service,
        environment=environment.name,
        bind=environment.bind,
        port=environment.port,
        targets=tuple(
            Target(
                slot=slot.name,
                address=slot.address,
                share=slot.share,
                testers=slot.testers and not shares_itself(environment.ground),
                instance=slot.instance,
            )
            for slot in slots
        ),
        tester_header=registration.plan.tester_header,
        tester_secret=registration.tester_secret,
        picture=picture,
        ground=environment.ground,
    )


def picture_of(slots: Sequence[Slot]) -> int:
    """The number of this picture of one environment's rows: even, and higher with every change of them.

    The odd number after it is for what is decided upon these rows and against what they say, before
    they are changed.
    """
    return 2 * sum(slot.revision for slot in slots)


def follows(reading: RouterReading | None, layout: Layout) -> bool:
    """Whether the router is what it should be, as far as a cheap look can tell."""
    if reading is None:
        return False
    for target in layout.targets:
        slot = reading.slots.get(target.slot)
        if slot is None:
            return False
        wanted = target.address is not None and (target.share > 0 or target.testers)
        if wanted != slot.in_rotation or (wanted and slot.address != target.address):
            return False
        if wanted and abs(slot.share - target.share) > 0.01:
            return False
    return True


def placeholders(
    plan: Plan, environment: Environment, version: str, port: int
) -> Mapping[str, str]:
    """What a command of this version in this environment may name in braces."""
    return {
        "port": str(port),
        "version": version,
        "environment": environment.name,
        "service": plan.service,
        "database_url": environment.database_url or "",
        "url": environment.url,
    }


def instance_of(slot: Slot, plan: Plan, environment: Environment) -> Instance:
    """What should run in this slot, on the ground of the plan that it was released by.

    Raises ValueError for an empty slot.
    """
    if slot.instance is None or slot.version is None or slot.commit is None or slot.port is None:
        raise ValueError(f"slot {slot.name} of {slot.service}/{slot.environment} is empty")
    values = placeholders(plan, environment, slot.version, slot.port)
    return Instance(
        id=slot.instance,
        service=slot.service,
        environment=slot.environment,
        version=slot.version,
        commit=slot.commit,
        port=slot.port,
        line=fill(plan.run, values),
        health=plan.health,
        variables=variables_of(environment, values),
        host=slot.host,
        ground=ADOPTED if slot.adopted else _ground(plan, environment),
    )


def _ground(plan: Plan, environment: Environment) -> Ground:
    """A changed description does not move what runs already: the next version goes to the new ground."""
    known = (each.ground for each in plan.environments if each.name == environment.name)
    return next(known, environment.ground)


def variables_of(environment: Environment, values: Mapping[str, str]) -> Mapping[str, str]:
    """The environment variables of this environment's programs and commands."""
    ours = {"VERSION": values["version"]}
    if environment.database_url is not None:
        ours["DATABASE_URL"] = environment.database_url
    return {**ours, **environment.variables}


def way_back(slots: Sequence[Slot], instance: str) -> Slot | None:
    """Where customers go when this instance is taken back: the baseline, or the version before.

    The version before may be on its way out already when the last minute of a release is bad.
    """
    own = next((slot for slot in slots if slot.instance == instance), None)
    if own is None or own.role is not SlotRole.BASELINE:
        return with_role(slots, SlotRole.BASELINE)
    return with_role(slots, SlotRole.PREVIOUS) or with_role(slots, SlotRole.RETIRING)


def take_out(slots: Sequence[Slot], instance: str) -> tuple[Slot, ...]:
    """The rows after a version was taken back: it is retiring, its customers are on the way back."""
    back_to = way_back(slots, instance)
    changed: list[Slot] = []
    for slot in slots:
        if slot.instance == instance:
            changed.append(replace(slot, role=SlotRole.RETIRING, share=0.0, testers=False))
        elif back_to is not None and slot.name == back_to.name:
            changed.append(replace(slot, role=SlotRole.BASELINE, share=1.0, testers=True))
    return tuple(changed)


def promoted(slots: Sequence[Slot], instance: str) -> tuple[Slot, ...]:
    """The rows after promotion: the new version has everyone, the one before is kept warm."""
    changed: list[Slot] = []
    for slot in slots:
        if slot.instance == instance:
            changed.append(replace(slot, role=SlotRole.BASELINE, share=1.0, testers=True))
        elif slot.role is SlotRole.BASELINE:
            changed.append(replace(slot, role=SlotRole.PREVIOUS, share=0.0, testers=False))
        elif slot.role is SlotRole.PREVIOUS:
            changed.append(replace(slot, role=SlotRole.RETIRING, share=0.0, testers=False))
    return tuple(changed)


def shared(slots: Sequence[Slot], instance: str, share: float) -> tuple[Slot, ...]:
    """The rows when the new version gets this share of customers and the baseline the rest."""
    changed: list[Slot] = []
    for slot in slots:
        if slot.instance == instance:
            changed.append(replace(slot, role=SlotRole.CANARY, share=share, testers=True))
        elif slot.role is SlotRole.BASELINE:
            changed.append(replace(slot, share=1.0 - share, testers=False))
    return tuple(changed)
