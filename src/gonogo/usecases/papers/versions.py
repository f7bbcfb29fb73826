"""A version that is on its way to a decision: what its tag names now, and what was filed about it."""

from dataclasses import dataclass, replace

from gonogo.domain.dossier import Dossier, evidence_digest
from gonogo.domain.errors import InvalidInput, NotFound, Unavailable
from gonogo.domain.paper import Paper
from gonogo.domain.plan import Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release_notes import SHORT, nearest_below
from gonogo.domain.slot import SlotRole, with_role
from gonogo.ports import dossiers as ports
from gonogo.usecases.context import Context
from gonogo.usecases.services.specs import registration_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """One version of a registered service. `previous` and `previous_commit` are what production runs."""

    registration: Registration
    version: str
    commit: str
    previous: str | None
    previous_commit: str | None
    papers: tuple[Paper, ...]

    @property
    def service(self) -> str:
        """The service's name."""
        return self.registration.service

    @property
    def plan(self) -> Plan:
        """The registered plan, never that of the commit itself."""
        return self.registration.plan

    @property
    def asked(self) -> ports.Candidate:
        """As whoever gathers dossiers is asked for it."""
        return ports.Candidate(
            plan=self.plan,
            repository=self.registration.repository,
            version=self.version,
            commit=self.commit,
            previous=self.previous,
            previous_commit=self.previous_commit,
        )

    @property
    def words(self) -> str:
        """`orders v1.2.1 · a1b2c3d`."""
        return f"{self.service} {self.version} · {self.commit[:SHORT]}"

    @property
    def dossier(self) -> Dossier:
        """What was filed, without anything that has to be asked for elsewhere."""
        return Dossier(self.service, self.version, self.commit, self.papers, previous=self.previous)

    @property
    def digest(self) -> str:
        """What a sign-off given now is bound to."""
        return evidence_digest(self.dossier)


async def find_version(context: Context, service: str, version: str) -> Candidate:
    """The version that this tag names now. Raises NotFound for an unknown service or tag."""
    registration = await registration_of(context, service)
    commit = await context.source.resolve(registration.repository, version)
    slots = await context.store.slots(service, registration.plan.production.name)
    baseline = with_role(slots, SlotRole.BASELINE)
    return Candidate(
        registration=registration,
        version=version,
        commit=commit,
        previous=baseline.version if baseline else None,
        previous_commit=baseline.commit if baseline else None,
        papers=await context.store.papers(service, commit),
    )


async def base_of(context: Context, candidate: Candidate) -> tuple[str | None, str | None]:
    """The version and commit that changes are counted from.

    What serves; where nothing serves yet, the highest lower version number among the tags.
    """
    if candidate.previous_commit is not None and candidate.previous_commit != candidate.commit:
        return candidate.previous, candidate.previous_commit
    repository = candidate.registration.repository
    before = nearest_below(candidate.version, await context.source.tags(repository))
    if before is None:
        return None, None
    return before, await context.source.resolve(repository, before)


async def gather(context: Context, candidate: Candidate) -> Dossier:
    """Everything that is known of it, as gates see it; None in it where something cannot be read."""
    if context.dossiers is not None:
        return await context.dossiers.gather(candidate.asked, candidate.papers)
    return await with_history(context, candidate, candidate.dossier, candidate.previous_commit)


async def with_history(
    context: Context, candidate: Candidate, dossier: Dossier, base: str | None
) -> Dossier:
    """The dossier with what the repository tells since `base`, as far as it can be read."""
    if context.history is None:
        return dossier
    repository = candidate.registration.repository
    try:
        change = await context.history.change(repository, base, candidate.commit)
        merges = await context.history.merges(repository, candidate.commit, since=base)
    except (InvalidInput, NotFound, Unavailable):
        return dossier
    return replace(dossier, change=change, merges=merges)
