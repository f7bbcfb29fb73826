"""A service on its page: where it runs, its versions and releases, its spec and its gates."""

from dataclasses import dataclass

from gonogo.domain.actor import Actor
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import GonogoError
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release
from gonogo.domain.slot import Slot
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.services.specs import registration_of
from gonogo.usecases.views.summary import handoff_summary


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version that the desk can name, and what became of its newest release."""

    version: str
    release: Release | None
    serves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServicePage:
    """A service: where it runs, its versions and releases, and what was registered by whom."""

    registration: Registration
    environments: tuple[tuple[str, str, tuple[Slot, ...]], ...]
    versions: tuple[KnownVersion, ...]
    releases: tuple[Release, ...]
    frozen: str
    trouble: str


MOST_VERSIONS = 30
MOST_RELEASES = 20


async def service_page(context: Context, actor: Actor, service: str) -> ServicePage:
    """A service as it stands. Raises NotFound. A repository that cannot be read leaves versions out."""
    allow(actor, Deed.LOOK)
    registration = await registration_of(context, service)
    plan = registration.plan
    environments = []
    serves: dict[str, list[str]] = {}
    for environment in plan.environments:
        slots = await context.store.slots(service, environment.name)
        used = tuple(slot for slot in slots if slot.instance is not None)
        environments.append((environment.name, environment.url, used))
        for slot in used:
            if slot.version is not None and slot.share > 0:
                serves.setdefault(slot.version, []).append(environment.name)
    releases = await context.store.releases(service)
    trouble = ""
    try:
        tags = await context.source.tags(registration.repository)
    except GonogoError as error:
        tags, trouble = (), str(error)
    newest: dict[str, Release] = {}
    for release in releases:
        newest.setdefault(release.version, release)
    named = dict.fromkeys((*tags, *newest))
    papers = await context.store.papers(service)
    held = handoff_summary(Dossier(service, "", "", papers), plan, context.clock.now()).frozen
    return ServicePage(
        registration=registration,
        environments=tuple(environments),
        versions=tuple(
            KnownVersion(name, newest.get(name), tuple(serves.get(name, ())))
            for name in list(named)[:MOST_VERSIONS]
        ),
        releases=releases[:MOST_RELEASES],
        frozen=held,
        trouble=trouble,
    )
