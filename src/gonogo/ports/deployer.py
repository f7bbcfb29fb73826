"""Starting and stopping versions."""

from typing import Protocol

from gonogo.domain.instance import Instance, InstanceStatus, KnownInstance


class Deployer(Protocol):
    """Runs instances. Every call converges: repeating it, also after a crash, does no harm.

    A `fence` is the number of the picture of the rows that an act follows from. It only ever rises: of
    each instance the highest one is remembered, also after it was stopped, and whoever comes with a
    lower one is refused with Unavailable. So a desk that stood still cannot start or stop what its
    successor has decided on since. An act without a fence is a person's: it is done, and after a stop
    without one nothing is remembered.
    """

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """See that a process of this instance runs; health is not waited for.

        A running one, started by whichever desk, is left alone; an ended one is started again.
        Raises ActionFailed when it cannot be started at all, Unavailable for a fence that is too low.
        """
        ...

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true now: absent, running (and healthy or not) or exited, with its last output.

        Without `probe` its health is not asked for and `healthy` is False: cheap enough to watch a
        process for its death many times a second.
        """
        ...

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """See that nothing of the instance with this id runs: ask, wait, then kill.

        Returns whether anything was found to stop. Raises Unavailable for a fence that is too low.
        """
        ...


class GroundDeployer(Deployer, Protocol):
    """The deployer of one kind of ground. It writes a note of an instance down before it acts."""

    async def knows(self, identity: str) -> bool:
        """Whether this instance was started on this ground and not stopped since."""
        ...

    async def resident_bytes(self, identity: str) -> int | None:
        """Resident memory of all that runs of this instance, added up; None where nobody can say."""
        ...

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Everything that was started on this ground and not stopped, by id."""
        ...

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """Stop everything on this ground; returns what there was.

        Raises ActionFailed when one could not be stopped, after all others were.
        """
        ...
