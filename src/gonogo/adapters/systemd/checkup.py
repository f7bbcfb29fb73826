"""Whether this machine's systemd can be used, and is, as a ground for versions."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path

from gonogo.adapters.systemd.folder import OLDEST_VERSION, UnitFolder, version_number
from gonogo.domain.errors import Unavailable
from gonogo.domain.health import Finding, Health

_LINGER = Path("/var/lib/systemd/linger")
_MOST_NAMED = 5


class SystemdCheckup:
    """`used` says whether anything is deployed to systemd: what is missing hurts nobody before.

    `linger` is where systemd-logind notes whose manager runs without a session.
    """

    def __init__(
        self, units: UnitFolder, used: Callable[[], bool], *, linger: Path = _LINGER
    ) -> None:
        self._units = units
        self._used = used
        self._linger = linger

    async def look(self) -> tuple[Finding, ...]:
        """Whether it answers, is new enough, outlives sessions, and which units have failed."""
        used = self._used()
        try:
            version = (await self._units.systemctl.about("Version"))["Version"]
            failed = await self._failed() if used else []
        except Unavailable as trouble:
            if used:
                return (_finding(Health.CRITICAL, str(trouble), trouble.hint or ""),)
            return (_finding(Health.GOOD, "none answers here, and nothing is deployed to it"),)
        if version_number(version) < OLDEST_VERSION:
            health = Health.CRITICAL if used else Health.GOOD
            detail = f"systemd {version} answers; versions need {OLDEST_VERSION} or newer"
            return (_finding(health, detail, "deploy to processes" if used else ""),)
        detail = f"systemd {version} answers {self._units.systemctl.words}"
        if not used:
            return (_finding(Health.GOOD, f"{detail}; nothing is deployed to it"),)
        return (_finding(Health.GOOD, detail), *self._lingering(), *failed)

    def _lingering(self) -> tuple[Finding, ...]:
        if not self._units.systemctl.user:
            return ()
        try:
            name = pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:  # a user that only a container knows
            name = str(os.geteuid())
        if (self._linger / name).exists():
            return ()
        return (
            _finding(
                Health.CRITICAL,
                f"what runs for {name} ends with the last session, and does not start with the machine",
                f"loginctl enable-linger {name}",
            ),
        )

    async def _failed(self) -> list[Finding]:
        found = await self._units.systemctl.units(self._units.names.everything)
        failed = sorted(unit for unit, state in found.items() if state.active == "failed")
        if not failed:
            return []
        named = ", ".join(failed[:_MOST_NAMED])
        more = f" and {len(failed) - _MOST_NAMED} more" if len(failed) > _MOST_NAMED else ""
        remedy = f"{self._units.systemctl.words} status '{failed[0]}'"
        return [_finding(Health.RECOMMENDED, f"failed: {named}{more}", remedy)]


def _finding(health: Health, detail: str, remedy: str = "") -> Finding:
    return Finding("systemd", health, detail, remedy)
