"""Which environments a desk can reach, where several desks share one store.

Processes and sockets belong to one machine, so every environment lives on a site: the folder of one
machine in which its versions and its router are kept. A desk drives what lives on its own site, and
says so where nobody is left who could.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gonogo.controllers.stages import BLOCKED
from gonogo.controllers.world import World
from gonogo.domain.actor import DESK
from gonogo.domain.audit import AuditDraft
from gonogo.domain.desk import DeskSeen
from gonogo.domain.message import Message
from gonogo.domain.release import Release
from gonogo.ports.store import Change


@dataclass(frozen=True, slots=True)
class Reach:
    """What one desk reaches. Without a `site` it is the only one and reaches everything."""

    site: str | None = None
    sites: Mapping[tuple[str, str], str] | None = None
    desks: tuple[DeskSeen, ...] = ()

    def covers(self, service: str, environment: str) -> bool:
        """Whether this environment lives here; one that lives nowhere yet is nobody's."""
        if self.site is None or self.sites is None:
            return True
        return self.sites.get((service, environment)) == self.site

    def covers_all(self, release: Release) -> bool:
        """Whether every environment of a release lives here."""
        return all(self.covers(release.service, each.name) for each in release.plan.environments)

    def nobody(self, release: Release) -> str | None:
        """Why no desk can drive a release, in one sentence; None when one can."""
        alive = {desk.site for desk in self.desks if not desk.silent}
        homes = {
            each.name: (self.sites or {}).get((release.service, each.name))
            for each in release.plan.environments
        }
        lost = sorted(name for name, site in homes.items() if site not in alive)
        if lost:
            hosts = sorted({desk.host for desk in self.desks if desk.site == homes[lost[0]]})
            where = f"on {hosts[0]}" if hosts else "on a machine whose desk has ended"
            return f"{' and '.join(lost)} of {release.service} run {where}, and no desk is at work there"
        if len(set(homes.values())) > 1:
            return f"the environments of {release.service} live on several machines"
        return None


async def reach_of(world: World) -> Reach:
    """What this desk reaches now."""
    if world.site is None:
        return Reach()
    return Reach(world.site, await world.store.places(), await world.store.desks())


async def say_that_nobody_drives(world: World, release: Release, why: str) -> None:
    """Write down, once, why a release stands still; whoever can drive it may do so at once."""
    reason = f"{BLOCKED}{why} (start one there: gonogo serve)"
    if release.reason == reason:
        return
    now = world.clock.now()
    lease = await world.store.claim(release.id, world.desk, now, now)
    if lease is None:
        return
    identity = f"{release.id}.{release.revision + 1}"
    text = f"{release.service} {release.version} {reason}"
    await world.store.record(
        Change(
            replace(release, reason=reason),
            lease,
            audit=AuditDraft(DESK.name, "desk:release:waits", release.id, {"reason": reason}),
            messages=(Message(identity, release.id, "desk:release:waits", text, now),),
        )
    )
