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
from pathlib import Path

from gonogo.adapters.adopted import AdoptedDeployer
from gonogo.adapters.argon2_passwords import Argon2Passwords
from gonogo.adapters.certificate_checkup import CertificateCheckup
from gonogo.adapters.command.checkup import PlatformCheckup
from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.router import PlatformRouter
from gonogo.adapters.console_notifier import ConsoleNotifier
from gonogo.adapters.counted_elsewhere import CountedElsewhere
from gonogo.adapters.counting_limiter import CountingLimiter
from gonogo.adapters.grounds import Grounds
from gonogo.adapters.haproxy.checkup import HaproxyCheckup
from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.host_checkup import HostCheckup
from gonogo.adapters.http_smoke import HttpSmokeRunner
from gonogo.adapters.limits_throttle import LimitsThrottle
from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.gauges import InstanceGauges
from gonogo.adapters.local.heads import FileHeads, GitHeads
from gonogo.adapters.local.history import GitHistory
from gonogo.adapters.local.scratch import LocalScratch
from gonogo.adapters.local.secrets import FileSecrets
from gonogo.adapters.local.signer import FileSigner
from gonogo.adapters.local.source import GitSource
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.openid import OpenIdProvider
from gonogo.adapters.prometheus import PrometheusMetrics
from gonogo.adapters.routers import Routers
from gonogo.adapters.system_clock import SystemClock
from gonogo.adapters.systemd.checkup import SystemdCheckup
from gonogo.adapters.systemd.deployer import SystemdDeployer
from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.router import SystemdRouters
from gonogo.adapters.systemd.systemctl import Systemctl
from gonogo.controllers.world import Rhythm, World
from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import InvalidInput, Unavailable
from gonogo.domain.ground import GroundKind, shares_itself
from gonogo.domain.plan import Plan
from gonogo.domain.prometheus import PrometheusCounts
from gonogo.domain.rate import Rate, Rates
from gonogo.language.reader import Reader
from gonogo.ports.heads import Heads
from gonogo.ports.metrics import MetricSource
from gonogo.settings import OpenIdSettings, Settings
from gonogo.storage.counts import SharedCounts, shared_counts
from gonogo.storage.limits import SharedLimiter, SharedThrottle
from gonogo.storage.store import SqlStore, open_store
from gonogo.usecases.access.openid_policy import OpenId, OpenIdPolicy, role_mapping
from gonogo.usecases.command_policy import command_policy
from gonogo.usecases.context import Context
from gonogo.usecases.desk.heads import HeadPlace
from gonogo.usecases.gates.gathering import DossierReader

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
    home = private(settings.home)
    clock = SystemClock()
    several = settings.database_url is not None
    site = secret(settings.site)[:16] if several else None
    store = open_store(settings.store_url, clock, site=site, shared_time=several)
    kept = FileSecrets(private(home / "secrets"))
    workshop = GitWorkshop(private(home / "versions"), secrets=kept.values)
    processes = ProcessDeployer(private(home / "instances"), workshop.files, secrets=kept.values)
    units = UnitFolder(home, Systemctl())
    systemd = SystemdDeployer(private(home / "units"), workshop.files, units, secrets=kept.values)
    platforms = CommandDeployer(private(home / "platforms"), workshop.run, workshop.end_left)
    deployer = Grounds(
        {
            GroundKind.PROCESSES: processes,
            GroundKind.SYSTEMD: systemd,
            GroundKind.COMMAND: platforms,
            GroundKind.ADOPTED: AdoptedDeployer(),
        }
    )
    history = GitHistory()
    router = Routers(
        HaproxyRouter(private(home / "routers"), supervisor=SystemdRouters(units)),
        PlatformRouter(private(home / "balancers"), platforms),
    )
    source = GitSource()
    dossiers = DossierReader(history, kept)
    metrics = HaproxyMetrics(home / "routers", clock, _key(home / "digest.key"))

    def counts_elsewhere(plan: Plan) -> MetricSource:
        origin = plan.metrics or PrometheusCounts("")
        counts = PrometheusMetrics(origin, clock)
        if shares_itself(plan.production.ground):
            return counts  # the desk's own router sees no request
        return CountedElsewhere(
            counts, origin.counts.keys(), metrics, clock, origin.stale + origin.every
        )

    world = World(
        desk=settings.desk,
        clock=clock,
        store=store,
        deployer=deployer,
        workshop=workshop,
        router=router,
        metrics=metrics,
        counts_elsewhere=counts_elsewhere,
        smoke=HttpSmokeRunner(workshop.run),
        notifier=ConsoleNotifier(
            sys.stdout,
            Reader.of(settings.language),
            f"the terminal or log of desk {settings.desk}",
        ),
        dossiers=dossiers,
        scratch=LocalScratch(private(home / "scratch")),
        new_id=new_id,
        free_port=free_port,
        rhythm=Rhythm(lease=_SHARED_LEASE) if several else Rhythm(),
        site=site,
        gauges=InstanceGauges(clock, deployer.resident_bytes),
    )
    counts = shared_counts(settings.store_url)
    alone = CountingLimiter()
    context = Context(
        store=store,
        source=source,
        deployer=deployer,
        router=router,
        clock=clock,
        new_id=new_id,
        wake=wake,
        checkups=(
            HostCheckup(home),
            HaproxyCheckup(),
            PlatformCheckup(platforms, workshop.files),
            SystemdCheckup(units, systemd.used),
            store.checkup,
            *((CertificateCheckup(settings.tls.certificate, clock),) if settings.tls else ()),
        ),
        history=history,
        dossiers=dossiers,
        signer=FileSigner(private(home / "keys"), clock),
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
    return Parts(store, world, context, owner(), deployer, platforms, workshop, counts)


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
    """Where heads of the audit chain are published."""
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
    have it by the time a version is started; where all that were tried are taken, any free one.
    """
    for port in (*(20_000 + secrets.randbelow(12_000) for _ in range(50)), 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise Unavailable("no port of 127.0.0.1 is free", hint="stop what holds them")


def private(folder: Path) -> Path:
    """The folder, made where it is missing, and readable by its owner alone."""
    hint = "set GONOGO_HOME to a folder of yours"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid != os.getuid():
            raise InvalidInput(f"{folder} belongs to somebody else", hint=hint)
        folder.chmod(0o700)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be used: {error.strerror}", hint=hint) from error
    return folder


def _key(file: Path) -> bytes:
    """The key under which customers' addresses are digested; made once."""
    return bytes.fromhex(secret(file))


_SHORTEST_SECRET = 32


def secret(file: Path) -> str:
    """The secret in this file; made once, also when two desks begin in the same instant.

    It is on the disk before anybody uses it. Raises InvalidInput when it cannot be written, and when
    the file does not hold one: an empty secret would be everybody's.
    """
    try:
        if not file.exists():
            _make_secret(file)
        found = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InvalidInput(
            f"the secret {file} cannot be read or made: {what}", hint=f"ls -l {file}; df -h {file}"
        ) from error
    if len(found) < _SHORTEST_SECRET:
        raise InvalidInput(
            f"the secret {file} holds {len(found)} characters, and must have"
            f" {_SHORTEST_SECRET} at the least",
            hint=f"put {file} back from a backup, or delete it: a new one is made",
        )
    return found


def _make_secret(file: Path) -> None:
    made = file.with_name(f"{file.name}.{uuid.uuid4().hex}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
    finally:
        made.unlink()
