r"""Names of units, escaped by the rules of systemd-escape(1).

    gonogo-SERVICE-ENVIRONMENT-TAG@INSTANCE.service
    gonogo-SERVICE-ENVIRONMENT-TAG-router.service

The tag tells desks of one user apart: it is made of the desk's folder. A hyphen inside of a name is
written `\x2d`, so that no two services share a unit.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.local.notes import safe_name
from gonogo.domain.errors import InvalidInput

LONGEST = 255
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")


def escape(text: str) -> str:
    """One part of a unit's name, as `systemd-escape TEXT` gives it."""
    parts = []
    for place, byte in enumerate(text.encode()):
        if byte == ord("/"):
            parts.append("-")
        elif byte not in _PLAIN or (place == 0 and byte == ord(".")):
            parts.append(f"\\x{byte:02x}")
        else:
            parts.append(chr(byte))
    return "".join(parts)


def unescape(text: str) -> str:
    """What was escaped to this. Raises ValueError for what no name was ever escaped to."""
    raw = text.replace("-", "/").encode("ascii")
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw).decode()


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one desk's units. `tag` is eight hexadecimal digits."""

    tag: str

    @classmethod
    def of(cls, home: Path) -> "Names":
        """Those of the desk whose folder this is."""
        return cls(hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:8])

    @property
    def instances(self) -> str:
        """The glob of all instances."""
        return f"gonogo-*-{self.tag}@*.service"

    @property
    def everything(self) -> str:
        """The glob of all unit files, routers' too."""
        return f"gonogo-*-{self.tag}[-@]*.service"

    def template(self, service: str, environment: str) -> str:
        """The unit file that all versions of a service in an environment share."""
        return f"{self._stem(service, environment)}@.service"

    def instance(self, service: str, environment: str, identity: str) -> str:
        """The unit of one instance. Raises InvalidInput for names that cannot be used."""
        name = escape(safe_name(identity, "instance"))
        return _short_enough(f"{self._stem(service, environment)}@{name}.service")

    def router(self, service: str, environment: str) -> str:
        """The unit of the router of a service in an environment."""
        return _short_enough(f"{self._stem(service, environment)}-router.service")

    def parts(self, unit: str) -> tuple[str, str, str] | None:
        """(service, environment, instance) of a unit of this desk; None for every other name."""
        found = re.fullmatch(rf"gonogo-([^-@]+)-([^-@]+)-{self.tag}@([^@]+)\.service", unit)
        if found is None:
            return None
        try:
            service, environment, identity = map(unescape, found.groups())
        except ValueError:
            return None
        return service, environment, identity

    def _stem(self, service: str, environment: str) -> str:
        named = (safe_name(service, "service"), safe_name(environment, "environment"))
        return f"gonogo-{'-'.join(map(escape, named))}-{self.tag}"


def _short_enough(unit: str) -> str:
    if len(unit) > LONGEST:
        raise InvalidInput(
            f"the unit name {unit} has {len(unit)} characters, and systemd takes {LONGEST}",
            hint="give the service or the environment a shorter name",
        )
    return unit
