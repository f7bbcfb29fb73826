"""Whether the load balancer is there to be started."""

from gonogo.adapters.haproxy.process import binary
from gonogo.domain.errors import Unavailable
from gonogo.domain.health import Finding, Health


class HaproxyCheckup:
    """Looks for HAProxy's program."""

    async def look(self) -> tuple[Finding, ...]:
        """Where it is, or how to get it."""
        try:
            found = binary()
        except Unavailable as trouble:
            return (Finding("haproxy", Health.CRITICAL, str(trouble), trouble.hint or ""),)
        return (Finding("haproxy", Health.GOOD, found),)
