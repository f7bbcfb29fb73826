"""The one place that knows which adapter stands behind which port."""

import contextlib
import getpass
import os
import secrets
import socket
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gonogo.adapters.argon2_passwords import Argon2Passwords
from gonogo.adapters.certificate_checkup import CertificateCheckup
from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.console_notifier import ConsoleNotifier
from gonogo.adapters.counting_limiter import CountingLimiter
from gonogo.adapters.grounds import Grounds
from gonogo.adapters.host_checkup import HostCheckup
from gonogo.adapters.http_smoke import HttpSmokeRunner
from gonogo.adapters.limits_throttle import LimitsThrottle
from gonogo.adapters.local.gauges import InstanceGauges
from gonogo.adapters.local.heads import FileHeads, GitHeads
from gonogo.adapters.local.scratch import LocalScratch
from gonogo.adapters.local.signer import FileSigner
from gonogo.adapters.local.source import GitSource
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.openid import OpenIdProvider
from gonogo.adapters.system_clock import SystemClock
from gonogo.controllers.world import Rhythm, World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.rate import Rate, Rates
from gonogo.language.reader import Reader
from gonogo.ports.heads import Heads
from gonogo.settings import OpenIdSettings, Settings
from gonogo.storage.counts import SharedCounts, shared_counts
from gonogo.storage.limits import SharedLimiter, SharedThrottle
from gonogo.storage.store import SqlStore, open_store
from gonogo.usecases.command_policy import command_policy
from gonogo.usecases.context import Context
from gonogo.usecases.desk.heads import HeadPlace
from gonogo.usecases.gates.gathering import DossierReader
from gonogo.usecases.openid_policy import OpenId, OpenIdPolicy, role_mapping
from gonogo.wiring.machinery import Machinery, machinery_in
from gonogo.wiring.own_files import private, secret

_SHARED_LEASE = timedelta(seconds=3)
"""Where another desk can take over, it should within five seconds of a desk's death."""


@dataclass(frozen=True)
class Parts:
    """Everything put together over one folder."""

    store: SqlStore
    world: World
    context: Context
    owner: Actor
    deployer: Grounds
    platforms: CommandDeployer
    workshop: GitWorkshop
    counts: SharedCounts | None

    async def close(self) -> None:
        """Finish what was begun and let go of the database."""
        await self.platforms.close()
        if self.counts is not None:
            await self.counts.close()
        await self.store.close()


def owner() -> Actor:
    """Whoever owns the desk's process; people sign in by name once there are roles."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return Actor(name=name, roles=frozenset({Role.OWNER}))


def assemble(settings: Settings, wake: Callable[[str], None]) -> Parts:
    """Put the program together. Raises what opening the database raises."""
    private(settings.home)
    clock = SystemClock()
    several = settings.database_url is not None
    site = secret(settings.site)[:16] if several else None
    store = open_store(settings.store_url, clock, site=site, shared_time=several)
    counts = shared_counts(settings.store_url)
    machinery = machinery_in(settings.home, clock)
    dossiers = DossierReader(machinery.history, machinery.secrets)
    world = _world(settings, store, machinery, dossiers, site)
    context = _context(settings, store, machinery, dossiers, site, counts, wake)
    return Parts(
        store,
        world,
        context,
        owner(),
        machinery.deployer,
        machinery.platforms,
        machinery.workshop,
        counts,
    )


def _world(
    settings: Settings,
    store: SqlStore,
    machinery: Machinery,
    dossiers: DossierReader,
    site: str | None,
) -> World:
    """What controllers are given."""
    return World(
        desk=settings.desk,
        clock=machinery.clock,
        store=store,
        deployer=machinery.deployer,
        workshop=machinery.workshop,
        router=machinery.router,
        metrics=machinery.metrics,
        counts_elsewhere=machinery.counts_elsewhere,
        smoke=HttpSmokeRunner(machinery.workshop.run),
        notifier=ConsoleNotifier(
            sys.stdout,
            Reader.of(settings.language),
            f"the terminal or log of desk {settings.desk}",
        ),
        dossiers=dossiers,
        scratch=LocalScratch(private(settings.home / "scratch")),
        new_id=new_id,
        free_port=free_port,
        rhythm=Rhythm() if site is None else Rhythm(lease=_SHARED_LEASE),
        site=site,
        gauges=InstanceGauges(machinery.clock, machinery.deployer.resident_bytes),
    )


def _context(
    settings: Settings,
    store: SqlStore,
    machinery: Machinery,
    dossiers: DossierReader,
    site: str | None,
    counts: SharedCounts | None,
    wake: Callable[[str], None],
) -> Context:
    """What use cases are given."""
    alone = CountingLimiter()
    return Context(
        store=store,
        source=GitSource(),
        deployer=machinery.deployer,
        router=machinery.router,
        clock=machinery.clock,
        new_id=new_id,
        wake=wake,
        checkups=(
            HostCheckup(settings.home),
            *machinery.checkups,
            store.checkup,
            *(
                (CertificateCheckup(settings.tls.certificate, machinery.clock),)
                if settings.tls
                else ()
            ),
        ),
        history=machinery.history,
        dossiers=dossiers,
        signer=FileSigner(private(settings.home / "keys"), machinery.clock),
        limiter=alone if counts is None else SharedLimiter(counts),
        own_limiter=alone,
        rates=Rates(
            reads=Rate(settings.reads_per_minute, 60),
            writes=Rate(settings.writes_per_minute, 60),
            strangers=Rate(settings.strangers_per_minute, 60),
        ),
        passwords=Argon2Passwords(),
        throttle=LimitsThrottle() if counts is None else SharedThrottle(counts),
        openid=openid_at(settings.openid),
        commands=command_policy(settings.allow_commands, public=settings.public_url is not None),
        notices=store.notices,
        site=site,
    )


def openid_at(told: OpenIdSettings | None) -> OpenId | None:
    """The identity provider of the settings. Raises InvalidInput for a secret or role that cannot be."""
    if told is None:
        return None
    file = told.secret_file

    def client_secret() -> str | None:
        try:
            return None if file is None else file.read_text().strip()
        except OSError as error:
            raise InvalidInput(
                f"GONOGO_OIDC_CLIENT_SECRET_FILE {file} cannot be read: {error.strerror}"
            ) from error

    client_secret()
    policy = OpenIdPolicy(
        issuer=told.issuer,
        client_id=told.client_id,
        domains=frozenset(told.domains),
        role_claim=told.role_claim,
        roles=role_mapping(told.roles),
        create=told.create,
    )
    return OpenId(OpenIdProvider(told.issuer, told.client_id, client_secret), policy)


def heads_at(place: HeadPlace) -> Heads:
    """Where heads of the audit chain are published. Raises InvalidInput for neither file nor repository."""
    if place.repository is not None:
        return GitHeads(place.repository, place.remote)
    if place.file is not None:
        return FileHeads(place.file)
    raise InvalidInput("a place for heads is a file or a repository")


def new_id() -> str:
    """A fresh id that sorts by nothing and tells nothing."""
    return uuid.uuid4().hex[:12]


def free_port() -> int:
    """A port that nobody has now.

    Taken from below the range that systems give to outgoing connections, where another program could
    have it by the time a version is started; where all that were tried are taken, any free one. Raises
    Unavailable where there is none.
    """
    for port in (*(20_000 + secrets.randbelow(12_000) for _ in range(50)), 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise Unavailable("no port of 127.0.0.1 is free", hint="stop what holds them")
