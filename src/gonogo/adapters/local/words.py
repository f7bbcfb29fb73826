"""What is said of instances, on whatever of this machine they run."""

import asyncio
import signal
from pathlib import Path

from gonogo.adapters.local.health import holder
from gonogo.domain.errors import ActionFailed
from gonogo.domain.instance import Instance


def named(instance: Instance) -> str:
    """It in words."""
    return f"{instance.service} {instance.version} in {instance.environment}"


async def require_startable(instance: Instance, folder: Path) -> None:
    """Raise ActionFailed where its files are missing or its port is taken."""
    if not folder.is_dir():
        raise ActionFailed(f"cannot start {named(instance)}: its files are not at {folder}")
    taken = await asyncio.to_thread(holder, instance.port)
    if taken is not None:
        raise ActionFailed(
            f"cannot start {named(instance)}: port {instance.port} is taken by {taken}",
            hint=f"ss -ltnp 'sport = :{instance.port}'",
        )


def how_it_ended(code: int | None) -> str:
    """In one sentence; negative codes are signals."""
    if code is None:
        return "it has ended"
    # A shell that waited for the server reports the server's signal as 128 more.
    if code < 0 or 128 < code < 128 + signal.NSIG:
        return f"it was ended by signal {-code if code < 0 else code - 128}"
    return f"it ended with exit code {code}"
