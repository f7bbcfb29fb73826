"""One deployer before those of all grounds: each instance goes to the one of its own ground.

Starting and looking go by the ground that the instance names, unless another one has a note of it: a
changed plan moves nothing that runs already. A stop has only its id: it goes to every ground that has a
note of it, and where none has, to the processes of this machine, which are found by their tags even when
their note was lost.
"""

import asyncio
from collections.abc import Mapping

from gonogo.domain.errors import InvalidInput
from gonogo.domain.ground import GroundKind
from gonogo.domain.instance import Instance, InstanceStatus, KnownInstance
from gonogo.ports.deployer import GroundDeployer


class Grounds:
    """The deployers of this desk by the kind of ground. That of processes is always among them."""

    def __init__(self, deployers: Mapping[GroundKind, GroundDeployer]) -> None:
        self._usual = deployers[GroundKind.PROCESSES]
        self._deployers = dict(deployers)

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that this instance runs on its ground. Raises InvalidInput for a ground that is not here."""
        await (await self._of(instance)).start(instance, fence=fence)

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true of it now on its ground."""
        return await (await self._of(instance)).status(instance, probe=probe)

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that nothing of this instance runs, whichever ground it stands on."""
        holders = await self._holders(identity)
        stopped = [await each.stop(identity, grace_seconds, fence=fence) for each in holders]
        return any(stopped)

    async def resident_bytes(self, identity: str) -> int | None:
        """Resident memory of this instance; None where nobody can say."""
        holders = await self._holders(identity)
        return await holders[0].resident_bytes(identity)

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything on all grounds that was started and not stopped, by id."""
        found = [await each.instances() for each in self._deployers.values()]
        return tuple(sorted((one for some in found for one in some), key=lambda known: known.id))

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Stop everything on all grounds; returns what there was.

        Raises what the first ground raised that could not, after all others did.
        """
        ends = await asyncio.gather(
            *(each.stop_all(grace_seconds) for each in self._deployers.values()),
            return_exceptions=True,
        )
        stopped: list[KnownInstance] = []
        for ended in ends:
            if isinstance(ended, BaseException):
                raise ended
            stopped += ended
        return tuple(stopped)

    async def _of(self, instance: Instance) -> GroundDeployer:
        named = self._deployers.get(instance.ground.kind)
        if named is None:
            raise InvalidInput(
                f"nothing on this machine can deploy to {instance.ground.kind.value}"
            )
        if not await named.knows(instance.id):
            for each in self._deployers.values():
                if each is not named and await each.knows(instance.id):
                    return each
        return named

    async def _holders(self, identity: str) -> list[GroundDeployer]:
        found = [each for each in self._deployers.values() if await each.knows(identity)]
        return found or [self._usual]
