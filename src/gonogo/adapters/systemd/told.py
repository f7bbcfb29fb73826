"""What is said of units: of those whose note was lost, and of those that have ended."""

import contextlib

import psutil

from gonogo.adapters.local import words
from gonogo.adapters.local.notes import Note
from gonogo.adapters.local.process import environment_of
from gonogo.adapters.systemd.systemctl import UnitState
from gonogo.domain.instance import KnownInstance

_NOT_BEGUN = {200: "a folder that cannot be entered", 203: "a program that cannot be run"}


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
    return note.known(None if state is None else state.pid)


def how_it_ended(state: UnitState) -> str:
    """In one sentence."""
    code = state.exit_code
    if state.result == "oom-kill":
        return "it was ended because the machine or its unit ran out of memory"
    if state.result == "start-limit-hit":
        return "it ended too often, and systemd does not start it again"
    if code in _NOT_BEGUN:
        return f"it ended with exit code {code}, which is systemd's for {_NOT_BEGUN[code]}"
    return words.how_it_ended(code)
