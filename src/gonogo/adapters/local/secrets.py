"""Secrets in files: `directory/<service>/<environment>.env`, one NAME=value a line, for the owner alone.

Lines are taken literally: no quotes, no substitution. Blank lines and lines that begin with # are
left out.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from gonogo.adapters.local.notes import safe_name
from gonogo.domain.errors import Unavailable
from gonogo.domain.instance import Instance, InstanceStatus

SHORTEST_HIDDEN = 4
_IN_ADDRESS = re.compile(
    r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]{0,40}://[^\s/@:]{0,200}):(?P<password>[^\s/@]+)@"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


SecretsOf = Callable[[str, str], Awaitable[Mapping[str, str]]]
"""Gives the secrets of a service in an environment."""


async def no_secrets(service: str, environment: str) -> Mapping[str, str]:
    """There are none."""
    del service, environment
    return {}


def hide(text: str, secrets: Mapping[str, str], variables: Mapping[str, str] | None = None) -> str:
    """The text without the values of secrets; very short ones are left, they would hide everything.

    Nor does it hold the password of an address, be it in the text itself or in a secret or variable:
    programs that cannot reach their database name it.
    """
    known = {each for value in secrets.values() for each in (value, value.strip())}
    for value in (*secrets.values(), *(variables or {}).values()):
        for found in _IN_ADDRESS.finditer(value):
            known |= {found["password"], unquote(found["password"])}
    for value in sorted(known, key=lambda value: (-len(value), value)):
        if len(value) >= SHORTEST_HIDDEN:
            text = text.replace(value, "***")
    return _IN_ADDRESS.sub(r"\g<before>:***@", text)


async def without_secrets(
    found: InstanceStatus, instance: Instance, secrets_of: SecretsOf
) -> InstanceStatus:
    """What was found of an instance, its output fit to be shown. Raises what `secrets_of` raises."""
    if not found.log_tail:
        return found
    secrets = await secrets_of(instance.service, instance.environment)
    return replace(found, log_tail=hide(found.log_tail, secrets, instance.variables))


class FileSecrets:
    """Reads secrets; people write the files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def names(self, service: str, environment: str) -> frozenset[str]:
        """Which secrets are set to something. Raises as `values` does."""
        found = await self.values(service, environment)
        return frozenset(name for name, value in found.items() if value)

    async def values(self, service: str, environment: str) -> Mapping[str, str]:
        """The secrets; none where there is no file.

        Raises Unavailable, never with a value, when the file cannot be read, may be read by others,
        or has a line that is not NAME=value.
        """
        name = f"{safe_name(environment, 'environment')}.env"
        return await asyncio.to_thread(
            _read, self._directory / safe_name(service, "service") / name
        )


def _read(file: Path) -> dict[str, str]:
    try:
        if file.stat().st_mode & 0o077:
            raise Unavailable(
                f"{file} may be read by others, so its secrets are not used",
                hint=f"chmod 600 {file}",
            )
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
        raise Unavailable(f"the secrets in {file} cannot be read: {kind}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not _NAME.fullmatch(name.strip()):
            raise Unavailable(f"{file}, line {number}, is not NAME=value")
        found[name.strip()] = value
    return found
