"""Starting and stopping versions."""

from typing import Protocol

from gonogo.domain.instance import Instance, InstanceStatus, KnownInstance


class Deployer(Protocol):
    """Runs instances. Every call converges: repeating it, also after a crash, does no harm."""

    async def start(self, instance: Instance) -> None:
        """See that a process of this instance runs; health is not waited for.

        A running one, started by whichever desk, is left alone; an ended one is started again.
        Raises ActionFailed when it cannot be started at all.
        """
        ...

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """What is true now: absent, running (and healthy or not) or exited, with its last output.

        Without `probe` its health is not asked for and `healthy` is False: cheap enough to watch a
        process for its death many times a second.
        """
        ...

    async def stop(self, identity: str, grace_seconds: float) -> bool:
        """See that nothing of the instance with this id runs: ask, wait, then kill.

        Returns whether anything was found to stop.
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
