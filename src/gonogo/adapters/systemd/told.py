"""What is said of instances: in words, in notes, and of those that have ended."""

import asyncio
import contextlib
import signal
from pathlib import Path

import psutil

from gonogo.adapters.local.health import holder
from gonogo.adapters.local.notes import Note
from gonogo.adapters.local.process import environment_of
from gonogo.adapters.systemd.systemctl import UnitState
from gonogo.domain.errors import ActionFailed
from gonogo.domain.instance import Instance, KnownInstance

_NOT_BEGUN = {200: "a folder that cannot be entered", 203: "a program that cannot be run"}


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


def named(instance: Instance) -> str:
    """It in words."""
    return f"{instance.service} {instance.version} in {instance.environment}"


def note_of(instance: Instance) -> Note:
    """What is written down of it."""
    return Note(
        id=instance.id,
        service=instance.service,
        environment=instance.environment,
        version=instance.version,
        commit=instance.commit,
        port=instance.port,
    )


def known(note: Note, state: UnitState | None) -> KnownInstance:
    """What is known of an instance with a note."""
    return KnownInstance(
        id=note.id,
        service=note.service,
        environment=note.environment,
        version=note.version,
        commit=note.commit,
        port=note.port,
        pid=None if state is None else state.pid,
        running=state is not None and state.pid is not None,
    )


def unnoted(parts: tuple[str, str, str], state: UnitState | None) -> KnownInstance:
    """One whose note was lost, told by its unit's name and its process's own environment."""
    service, environment, identity = parts
    about: dict[str, str] = {}
    if state is not None and state.pid is not None:
        with contextlib.suppress(psutil.Error):
            about = environment_of(psutil.Process(state.pid))
    port = about.get("PORT", "")
    note = Note(
        id=identity,
        service=service,
        environment=environment,
        version=about.get("GONOGO_VERSION", ""),
        commit=about.get("GONOGO_COMMIT", ""),
        port=int(port) if port.isdecimal() else 0,
    )
    return known(note, state)


def how_it_ended(state: UnitState) -> str:
    """In one sentence."""
    code = state.exit_code
    if state.result == "oom-kill":
        return "it was ended because the machine or its unit ran out of memory"
    if state.result == "start-limit-hit":
        return "it ended too often, and systemd does not start it again"
    if code is None:
        return "it has ended"
    # A shell that waited for the server reports the server's signal as 128 more.
    if code < 0 or 128 < code < 128 + signal.NSIG:
        return f"it was ended by signal {-code if code < 0 else code - 128}"
    if code in _NOT_BEGUN:
        return f"it ended with exit code {code}, which is systemd's for {_NOT_BEGUN[code]}"
    return f"it ended with exit code {code}"
