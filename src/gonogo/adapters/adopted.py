"""Versions that ran before: looked at, never started and never stopped.

Why a deployer of its own: everything that looks at a version, or would start it again, goes through a
deployer, and must be told the truth of one that nobody here may touch. It is found by its address
alone. A refused connection says that nothing listens there; a connection that hangs says nothing, so
its state is then UNKNOWN. Only a healthy answer makes it fit to send customers to.
"""

import asyncio
import contextlib

from gonogo.adapters.health_answer import TIMEOUT_SECONDS, HealthAnswer
from gonogo.domain.errors import ActionFailed
from gonogo.domain.instance import Instance, InstanceState, InstanceStatus, KnownInstance

_LOOKS = 3
_BETWEEN_SECONDS = 0.3


class AdoptedDeployer:
    """`ports.deployer.GroundDeployer` of what was adopted."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._answer = HealthAnswer(timeout_seconds)

    async def start(self, instance: Instance, *, fence: int | None = None) -> None:
        """Nothing is done when it answers its health path. Raises ActionFailed when it does not."""
        del fence  # whoever looks does no harm, whatever picture they come with
        trouble: str | None = None
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_BETWEEN_SECONDS)
            trouble = await self._answer.trouble(instance.address, instance.health.path)
            if trouble is None:
                return
        raise ActionFailed(
            f"{instance.version} was adopted at {instance.address}; gonogo cannot start it"
            f" ({trouble})"
        )

    async def status(self, instance: Instance, *, probe: bool = True) -> InstanceStatus:
        """EXITED when nothing listens at its address, UNKNOWN when that cannot be told now."""
        state, detail = await self._listens(instance)
        if state is not InstanceState.RUNNING or not probe:
            return InstanceStatus(state, detail=detail)
        trouble = await self._answer.trouble(instance.address, instance.health.path)
        return InstanceStatus(state, healthy=trouble is None, detail=trouble or "")

    async def stop(self, identity: str, grace_seconds: float, *, fence: int | None = None) -> bool:
        """It is left running: whoever started it ends it."""
        del identity, grace_seconds, fence
        return False

    async def knows(self, identity: str) -> bool:
        """Nothing was started here."""
        del identity
        return False

    async def resident_bytes(self, identity: str) -> int | None:
        """Nobody here can say which processes it is."""
        del identity
        return None

    async def instances(self) -> tuple[KnownInstance, ...]:
        """Nothing was started here."""
        return ()

    async def stop_all(self, grace_seconds: float) -> tuple[KnownInstance, ...]:
        """There is nothing here to stop."""
        del grace_seconds
        return ()

    async def _listens(self, instance: Instance) -> tuple[InstanceState, str]:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                _, writer = await asyncio.open_connection(instance.host, instance.port)
        except TimeoutError:
            took = f"within {self._timeout_seconds:g} s"
            return InstanceState.UNKNOWN, f"{instance.address} took no connection {took}"
        except ConnectionRefusedError:
            return InstanceState.EXITED, f"nothing listens on {instance.address}"
        except OSError as error:
            said = f"{instance.address} cannot be reached: {error.strerror or error}"
            return InstanceState.UNKNOWN, said
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return InstanceState.RUNNING, ""
