"""A version on its page: what is known of it, and what this person can do for it."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Actor, Role
from gonogo.domain.audit import AuditEntry
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.paper import Paper
from gonogo.domain.plan import ChecklistItem
from gonogo.domain.release import Release
from gonogo.gates.sign_offs import rejections
from gonogo.usecases.context import Context
from gonogo.usecases.judging.outlook import Prospect, prospect, recorded_traffic
from gonogo.usecases.judging.recording import read_recording, recording_view
from gonogo.usecases.permissions import PERMISSIONS, Deed, allow, may
from gonogo.usecases.releases.lifecycle import prepare_release, tell_story
from gonogo.usecases.services.specs import differs_from_registered
from gonogo.usecases.views.desk_views import intention
from gonogo.usecases.views.filed import EvidenceRow, Signature
from gonogo.usecases.views.release_gates import GateList, gate_list
from gonogo.usecases.views.summary import Summary, standing_of

MOST_RECORDINGS = 3
"""Earlier rollouts that are looked at for the traffic to be expected."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A no that stands."""

    paper: str
    role: Role
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Signing:
    """What this person can sign: `roles` that they have and that sign, those still asked for first.

    `signed` are their sign-offs that count. `asked` says whether their word is still waited for.
    """

    roles: tuple[Role, ...]
    signed: tuple[Signature, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """What everybody sees of a version. `grave` is the evidence to look at first: what failed, and what
    came since the handoff; `calm` the rest. `gates` are as they would be decided now."""

    summary: Summary
    gates: GateList
    rejected: tuple[Rejected, ...]
    grave: tuple[EvidenceRow, ...]
    calm: tuple[EvidenceRow, ...]
    releases: tuple[Release, ...]


@dataclass(frozen=True, slots=True)
class VersionPage:
    """What everybody sees, what this person can sign, and the receipt of what they have just filed."""

    sight: Sight
    signing: Signing
    receipt: AuditEntry | None


async def sight_of(context: Context, *, service: str, version: str) -> Sight:
    """A version as it stands now. Raises NotFound for an unknown service or tag."""
    found = await standing_of(context, service=service, version=version)
    summary = found.summary
    first = tuple(row for row in summary.evidence if _grave(summary, row))
    every = await context.store.releases(service)
    return Sight(
        summary=summary,
        gates=gate_list(found.decision, found.candidate.plan),
        rejected=_rejected(found.dossier),
        grave=first,
        calm=tuple(row for row in summary.evidence if row not in first),
        releases=tuple(each for each in every if each.commit == found.candidate.commit),
    )


async def version_page(
    context: Context, actor: Actor, *, service: str, version: str, receipt: int | None = None
) -> VersionPage:
    """A version as this person may act on it. Raises NotFound for an unknown service or tag."""
    allow(actor, Deed.LOOK)
    sight = await sight_of(context, service=service, version=version)
    return VersionPage(
        sight=sight,
        signing=_signing(actor, sight.summary),
        receipt=await _receipt(context, actor, service, receipt),
    )


def _grave(summary: Summary, row: EvidenceRow) -> bool:
    since = summary.handed_at is not None and row.at > summary.handed_at
    return row.troubled or since


def _rejected(dossier: Dossier) -> tuple[Rejected, ...]:
    return tuple(
        Rejected(paper.id, no.role, paper.actor, no.reason, paper.at)
        for paper, no in rejections(dossier)
    )


def _signing(actor: Actor, summary: Summary) -> Signing:
    signing = PERMISSIONS[Deed.SIGN_OFF]
    roles = [role for role in Role if role in actor.roles and role in signing]
    wanted = [
        role
        for role in roles
        if any(each.startswith(f"{role.words} (") for each in summary.still_to_sign)
    ]
    mine = tuple(each for each in summary.sign_offs if each.actor == actor.name and not each.void)
    ordered = (*wanted, *(role for role in roles if role not in wanted))
    open_roles = [role for role in wanted if role not in {each.role for each in mine}]
    return Signing(ordered, mine, bool(open_roles))


async def _receipt(
    context: Context, actor: Actor, service: str, number: int | None
) -> AuditEntry | None:
    """The audit entry of this number, when it is this person's and about this service."""
    if number is None:
        return None
    async for entry in context.store.entries(subject=service, after=number - 1):
        return entry if entry.sequence == number and entry.actor == actor.name else None
    return None


async def entry_of(context: Context, service: str, paper: Paper) -> int:
    """The number of the audit entry that a paper was filed with; 0 when there is none."""
    async for entry in context.store.entries(subject=service):
        if entry.data.get("paper") == paper.id:
            return entry.sequence
    return 0


def may_tick(actor: Actor, item: ChecklistItem) -> bool:
    """Whether this person may tick this line."""
    return may(actor, Deed.TICK) and (not item.roles or bool(actor.roles & set(item.roles)))


@dataclass(frozen=True, slots=True)
class Start:
    """What starting a release of this version would do; `obstacle` says why it cannot be started."""

    will: tuple[str, ...]
    obstacle: str
    hint: str
    prospect: Prospect | None


async def start_of(context: Context, actor: Actor, *, service: str, version: str) -> Start | None:
    """What would be started, by somebody who may; None for anybody else."""
    if not may(actor, Deed.RELEASE):
        return None
    try:
        release = await prepare_release(context, actor, service=service, version=version)
    except (Conflict, NotFound) as refusal:
        return Start((), str(refusal), refusal.hint or "", None)
    under_way = await context.store.releases(service, under_way=True)
    obstacle = (
        f"{service} {under_way[0].version} is {under_way[0].stage.value.replace('_', ' ')}; one"
        " release of a service at a time"
        if under_way
        else ""
    )
    own_spec = await differs_from_registered(context, release)
    return Start(
        will=tuple(intention(release, own_spec=own_spec)),
        obstacle=obstacle,
        hint="",
        prospect=await _prospect(context, release),
    )


async def _prospect(context: Context, release: Release) -> Prospect | None:
    """What the rollout can see at the traffic of the last rollouts; None when none is recorded."""
    earlier = [each for each in await context.store.releases(release.service) if each.exposed]
    recordings = [
        read_recording(recording_view(await tell_story(context, each)))
        for each in earlier[:MOST_RECORDINGS]
    ]
    traffic = recorded_traffic(recordings)
    return prospect(release.plan, traffic) if traffic else None
