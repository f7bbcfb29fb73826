"""A platform's own load balancer as the router of a service in one environment.

Why it is so: each instance is given its share by a script, and a script can hang, fail, or end well
without doing anything. So what was asked for is written down first, instances that lose customers are
told at once and side by side, without a look before, and only then those that gain some. Afterwards all
of them are read back.

Guarantees: what is asked for is what is read back, or ActionFailed is raised. A slot is let in only when
its platform says that it is healthy. No hanging script of an older layout is waited for: a newer picture
ends it. Who comes with an older picture of the rows than was followed last is refused.

Assumes what docs/grounds.md asks of `weight`: it returns when the share holds, may be run again, and
share 0 means that no new customer gets there. Customers cannot be pinned to a slot, and how many
requests a slot is busy with is not known.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.adapters.command.answer import Answer, PlatformState
from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.scripts import named
from gonogo.adapters.local.notes import safe_name
from gonogo.domain.address import host_port
from gonogo.domain.errors import ActionFailed, GonogoError, InvalidInput, OldPicture, Unavailable
from gonogo.domain.instance import Instance
from gonogo.domain.slot import SLOT_NAMES, Layout, RouterReading, SlotReading

_CLOSE = 0.005
"""Shares nearer to each other than this are the same: platforms count in whole percent."""

_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One slot of a layout: which instance, what it should get, and what it last got when that was right."""

    slot: str
    instance: Instance
    share: float
    before: float | None


class PlatformRouter:
    """`ports.router.Router` over the scripts of instances that `deployer` knows.

    What was asked for last is kept in `directory`/service/environment.json.
    """

    def __init__(self, directory: Path, deployer: CommandDeployer) -> None:
        self._directory = directory
        self._notes = deployer.notes
        self._scripts = deployer.scripts
        self._readings = deployer.readings
        self._locks: dict[_Place, asyncio.Lock] = {}
        self._laying: dict[_Place, tuple[int, asyncio.Task[RouterReading]]] = {}

    def knows(self, service: str, environment: str) -> bool:
        """Whether customers of this place were shared here and that was not stopped since."""
        return self._file(service, environment).exists()

    async def apply(self, layout: Layout) -> RouterReading:
        """See `ports.router.Router.apply`. Raises Unavailable also when a newer picture ended this one."""
        _check(layout)
        place = (layout.service, layout.environment)
        older = self._laying.get(place)
        if older is not None and older[0] < layout.picture:
            older[1].cancel()
        task = asyncio.ensure_future(self._apply(layout))
        self._laying[place] = (layout.picture, task)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise
        finally:
            if self._laying.get(place) == (layout.picture, task):
                del self._laying[place]
        if task.cancelled():
            raise Unavailable(f"{_where(*place)} is laid out after a newer picture of the rows")
        return task.result()

    async def _apply(self, layout: Layout) -> RouterReading:
        place = (layout.service, layout.environment)
        async with self._locks.setdefault(place, asyncio.Lock()):
            known = self._kept(*place)
            if known is not None and known["picture"] > layout.picture:
                raise OldPicture(
                    f"{_where(*place)} follows picture {known['picture']} already, not {layout.picture}",
                    followed=int(known["picture"]),
                )
            held = {} if known is None else known["held"]
            wanted = [*self._wanted(layout, held), *self._left_over(layout, held)]
            self._keep(layout, held)
            await self._converge(wanted)
            answers = await self._read_back(wanted)
            self._keep(layout, {each.instance.id: each.share for each in wanted if each.slot})
            return self._reading(layout, answers)

    def _wanted(self, layout: Layout, before: Mapping[str, float]) -> list[_Wanted]:
        found = []
        for target in layout.targets:
            note = None if target.instance is None else self._notes.found(target.instance)
            if note is not None:
                told = before.get(note.instance.id)
                found.append(_Wanted(target.slot, note.instance, target.share, told))
            elif target.share:
                raise InvalidInput(
                    f"slot {target.slot} of {_where(layout.service, layout.environment)} was not deployed "
                    "by scripts, so no platform can share customers with it",
                    hint="give the environment another name, under which nothing serves yet",
                )
        return found

    def _left_over(self, layout: Layout, before: Mapping[str, float]) -> Iterator[_Wanted]:
        """What had a slot before and is still there: it gets nobody any more."""
        kept = {target.instance for target in layout.targets}
        for identity, told in before.items():
            note = None if identity in kept else self._notes.found(identity)
            if note is not None:
                yield _Wanted("", note.instance, 0.0, told)

    async def _converge(self, wanted: Sequence[_Wanted]) -> None:
        """Who is to get nobody is told at once, unless nobody else would have customers then.

        A newcomer is looked at before anybody makes room for it.
        """
        changing = [each for each in wanted if self._differs(each)]
        coming = [each for each in changing if each.share > (each.before or 0.0)]
        leaving = [each for each in changing if each not in coming]
        newcomers = [each for each in coming if not each.before]
        if any(each.before and each.share for each in wanted):
            out = [each for each in leaving if not each.share]
            troubles = await _all([*out, *newcomers], self._out_or_look)
            if not any(isinstance(each, _NotLetIn) for each in troubles):
                troubles += await _all([each for each in leaving if each.share], self._weigh)
                troubles += await _all(coming, self._weigh)
        else:
            troubles = await _all(newcomers, self._out_or_look)
            troubles += [] if troubles else await _all(coming, self._weigh)
            troubles += [] if troubles else await _all(leaving, self._weigh)
        if troubles:
            raise troubles[0]

    async def _out_or_look(self, wanted: _Wanted) -> None:
        if not wanted.share:
            await self._weigh(wanted)
            return
        try:
            answer = await self._readings.recent(wanted.instance)
        except Unavailable as trouble:
            raise _NotLetIn(str(trouble)) from trouble
        if not answer.healthy:
            instance = wanted.instance
            raise _NotLetIn(
                f"slot {wanted.slot} ({_address(instance, answer)}) of {instance.service} in"
                f" {instance.environment} is {answer.state.value} and not healthy, so it gets no customers"
            )

    def _differs(self, wanted: _Wanted) -> bool:
        now = self._share_known(wanted)
        return now is None or abs(now - wanted.share) > _CLOSE or wanted.before != wanted.share

    def _share_known(self, wanted: _Wanted) -> float | None:
        """What it gets as far as is known without asking."""
        try:
            answer = self._readings.known(wanted.instance)
        except Unavailable:
            return None
        return 0.0 if answer.state is PlatformState.ABSENT else answer.share

    async def _weigh(self, wanted: _Wanted) -> None:
        try:
            ended = await self._scripts.weigh(wanted.instance, wanted.share)
        finally:
            self._readings.outdate(wanted.instance.id)
        if not ended.ok and await self._share_of(wanted) != wanted.share:
            raise ActionFailed(f"weight of {named(wanted.instance)} {ended.how}", detail=ended.log)

    async def _share_of(self, wanted: _Wanted) -> float | None:
        """What it gets; the wanted share where it is near enough."""
        try:
            share = _share(await self._readings.fresh(wanted.instance), wanted.instance)
        except Unavailable:
            return None
        return wanted.share if abs(share - wanted.share) <= _CLOSE else share

    async def _read_back(self, wanted: Iterable[_Wanted]) -> dict[str, Answer]:
        found: dict[str, Answer] = {}

        async def read(each: _Wanted) -> None:
            answer = await self._readings.fresh(each.instance)
            found[each.slot] = answer
            share = _share(answer, each.instance)
            if abs(share - each.share) > _CLOSE:
                raise ActionFailed(
                    f"{named(each.instance)} was told to get {each.share * 100:g} % of customers, and read "
                    f"says that it gets {share * 100:g} %"
                )

        troubles = await _all(wanted, read)
        if troubles:
            raise troubles[0]
        return found

    async def read(self, service: str, environment: str) -> RouterReading | None:
        """See `ports.router.Router.read`; what was said lately counts, without waiting."""
        known = self._kept(service, environment)
        if known is None:
            return None
        slots = {name: _nothing(name) for name in SLOT_NAMES}
        for slot, identity in known["slots"].items():
            note = self._notes.found(identity)
            if note is not None:
                answer = await self._lately(note.instance)
                slots[slot] = _slot_reading(slot, note.instance, answer)
        return RouterReading(pid=0, slots=slots)

    async def _lately(self, instance: Instance) -> Answer:
        try:
            return self._readings.known(instance)
        except Unavailable:
            return await self._readings.recent(instance)

    async def obstacle(self, bind: str, port: int) -> str | None:
        """Where customers come in is the platform's affair."""
        del bind, port
        return None

    async def stop(self, service: str, environment: str) -> None:
        """Nothing is shared here any more. The platform's load balancer is not the desk's to end."""
        place = (service, environment)
        laying = self._laying.pop(place, None)
        if laying is not None:
            laying[1].cancel()
        async with self._locks.setdefault(place, asyncio.Lock()):
            self._file(service, environment).unlink(missing_ok=True)

    def _reading(self, layout: Layout, answers: Mapping[str, Answer]) -> RouterReading:
        slots = {name: _nothing(name) for name in SLOT_NAMES}
        for target in layout.targets:
            note = None if target.instance is None else self._notes.found(target.instance)
            if note is not None and target.slot in answers:
                slots[target.slot] = _slot_reading(target.slot, note.instance, answers[target.slot])
        return RouterReading(pid=0, slots=slots)

    def _kept(self, service: str, environment: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._file(service, environment).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:  # damaged: everything is told anew
            return {"picture": 0, "slots": {}, "held": {}}
        return found

    def _keep(self, layout: Layout, held: Mapping[str, float]) -> None:
        """Write down what is asked for, and which shares were last read back as they should be."""
        target = self._file(layout.service, layout.environment)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        slots = {each.slot: each.instance for each in layout.targets if each.instance is not None}
        said = {"picture": layout.picture, "slots": slots, "held": held}
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(said), "utf-8")
        fresh.replace(target)

    def _file(self, service: str, environment: str) -> Path:
        folder = self._directory / safe_name(service, "service")
        return folder / f"{safe_name(environment, 'environment')}.json"


class _NotLetIn(ActionFailed):
    """A newcomer that customers cannot be sent to."""


async def _all(
    wanted: Iterable[_Wanted], act: Callable[[_Wanted], Awaitable[None]]
) -> list[GonogoError]:
    """Do it with all of them side by side; the troubles of those with whom it could not be done."""
    ends = await asyncio.gather(*(act(each) for each in wanted), return_exceptions=True)
    troubles: list[GonogoError] = []
    for end in ends:
        if isinstance(end, GonogoError):
            troubles.append(end)
        elif isinstance(end, BaseException):
            raise end
    return troubles


def _share(answer: Answer, instance: Instance) -> float:
    if answer.state is PlatformState.ABSENT:
        return 0.0
    if answer.share is None:
        raise Unavailable(
            f"read of {named(instance)} gave no share, and its platform shares customers by one",
            hint="docs/grounds.md says what it prints",
        )
    return answer.share


def _slot_reading(slot: str, instance: Instance, answer: Answer) -> SlotReading:
    share = _share(answer, instance)
    return SlotReading(
        slot=slot,
        address=_address(instance, answer),
        up=answer.healthy,
        in_rotation=share > 0,
        share=share,
        sessions=None if share or answer.state is not PlatformState.ABSENT else 0,
    )


def _address(instance: Instance, answer: Answer) -> str:
    return host_port(*(answer.address or (instance.host, instance.port)))


def _nothing(slot: str) -> SlotReading:
    return SlotReading(slot, address=None, up=False, in_rotation=False, share=0.0, sessions=0)


def _where(service: str, environment: str) -> str:
    return f"{service} in {environment}"


def _check(layout: Layout) -> None:
    for target in layout.targets:
        if target.slot not in SLOT_NAMES:
            raise InvalidInput(f'there is no slot "{target.slot}", only {", ".join(SLOT_NAMES)}')
        if target.share and not target.address:
            raise InvalidInput(f"slot {target.slot} is to get customers but has no address")
    total = sum(target.share for target in layout.targets)
    if total and abs(total - 1) > 1e-6:
        raise InvalidInput(f"shares must add up to 1 or to 0, not to {total:g}")
