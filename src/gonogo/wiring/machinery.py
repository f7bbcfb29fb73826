"""What versions run on, are reached through and counted by, over one folder of this machine."""

from dataclasses import dataclass
from pathlib import Path

from gonogo.adapters.adopted import AdoptedDeployer
from gonogo.adapters.command.checkup import PlatformCheckup
from gonogo.adapters.command.deployer import CommandDeployer
from gonogo.adapters.command.router import PlatformRouter
from gonogo.adapters.counted_elsewhere import CountedElsewhere
from gonogo.adapters.grounds import Grounds
from gonogo.adapters.haproxy.checkup import HaproxyCheckup
from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.haproxy.router import HaproxyRouter
from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.adapters.local.history import GitHistory
from gonogo.adapters.local.secrets import FileSecrets
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.prometheus import PrometheusMetrics
from gonogo.adapters.routers import Routers
from gonogo.adapters.systemd.checkup import SystemdCheckup
from gonogo.adapters.systemd.deployer import SystemdDeployer
from gonogo.adapters.systemd.folder import UnitFolder
from gonogo.adapters.systemd.router import SystemdRouters
from gonogo.adapters.systemd.systemctl import Systemctl
from gonogo.domain.ground import GroundKind, shares_itself
from gonogo.domain.plan import Plan
from gonogo.domain.prometheus import PrometheusCounts
from gonogo.ports.checkup import Checkup
from gonogo.ports.clock import Clock
from gonogo.ports.metrics import MetricSource
from gonogo.wiring.own_files import private, secret


@dataclass(frozen=True)
class Machinery:
    """One deployer and one router before those of all grounds, and what they and the gates read from."""

    clock: Clock
    secrets: FileSecrets
    history: GitHistory
    workshop: GitWorkshop
    platforms: CommandDeployer
    deployer: Grounds
    router: Routers
    metrics: HaproxyMetrics
    checkups: tuple[Checkup, ...]

    def counts_elsewhere(self, plan: Plan) -> MetricSource:
        """Where the requests of a plan are counted that names a Prometheus."""
        origin = plan.metrics or PrometheusCounts("")
        counts = PrometheusMetrics(origin, self.clock)
        if shares_itself(plan.production.ground):
            return counts  # the desk's own router sees no request
        silence = origin.stale + origin.every
        return CountedElsewhere(counts, origin.counts.keys(), self.metrics, self.clock, silence)


def machinery_in(home: Path, clock: Clock) -> Machinery:
    """All of it, each with a folder of its own in `home`."""
    secrets = FileSecrets(private(home / "secrets"))
    workshop = GitWorkshop(private(home / "versions"), secrets=secrets.values)
    processes = ProcessDeployer(private(home / "instances"), workshop.files, secrets=secrets.values)
    units = UnitFolder(home, Systemctl())
    systemd = SystemdDeployer(
        private(home / "units"), workshop.files, units, secrets=secrets.values
    )
    platforms = CommandDeployer(private(home / "platforms"), workshop.run, workshop.end_left)
    return Machinery(
        clock=clock,
        secrets=secrets,
        history=GitHistory(),
        workshop=workshop,
        platforms=platforms,
        deployer=Grounds(
            {
                GroundKind.PROCESSES: processes,
                GroundKind.SYSTEMD: systemd,
                GroundKind.COMMAND: platforms,
                GroundKind.ADOPTED: AdoptedDeployer(),
            }
        ),
        router=Routers(
            HaproxyRouter(private(home / "routers"), supervisor=SystemdRouters(units)),
            PlatformRouter(private(home / "balancers"), platforms),
        ),
        # Customers' addresses are digested under this key.
        metrics=HaproxyMetrics(home / "routers", clock, bytes.fromhex(secret(home / "digest.key"))),
        checkups=(
            HaproxyCheckup(),
            PlatformCheckup(platforms, workshop.files),
            SystemdCheckup(units, systemd.used),
        ),
    )
