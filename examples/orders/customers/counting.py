"""What is counted: by second and in all, by version, and who was hurt."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

UNKNOWN = "unknown"
"""The version of an answer that names none, and of no answer."""

LISTED_LOST = 50


@dataclass(frozen=True)
class Lost:
    """A request that the application did not answer; `time` is Unix seconds."""

    time: float
    method: str
    path: str
    customer: str
    reason: str


@dataclass(frozen=True)
class OfVersion:
    """What one version answered. Milliseconds are within one per cent; None without answers."""

    answered: int
    by_status: dict[str, int]
    failed: int
    customers_hurt: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Summary:
    """A whole run. `worst_lag_ms` is how late the generator itself was at worst."""

    seconds: float
    requests: int
    answered: int
    failed: int
    lost: int
    not_sent: int
    by_status: dict[str, int]
    by_version: dict[str, OfVersion]
    customers_hurt: int
    worst_lag_ms: float
    cpu_seconds: float
    lost_requests: tuple[Lost, ...]


_GROWTH = math.log(1.02)  # neighbouring latency buckets differ by two per cent


@dataclass
class VersionTally:
    """What one version has answered so far."""

    by_status: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    latencies: Counter[int] = field(default_factory=Counter)

    def add(self, other: "VersionTally") -> None:
        """Count what another stretch of time has counted too."""
        self.by_status += other.by_status
        self.failed += other.failed
        self.latencies += other.latencies

    def percentile_ms(self, share: float) -> float | None:
        """The latency that `share` (0 to 1) of the answers did not exceed; None without answers."""
        wanted, seen = share * self.latencies.total(), 0
        for bucket in sorted(self.latencies):
            seen += self.latencies[bucket]
            if seen >= wanted:
                return round(math.exp((bucket + 0.5) * _GROWTH), 2)
        return None

    def frozen(self, customers_hurt: int) -> OfVersion:
        """What it adds up to."""
        return OfVersion(
            answered=self.by_status.total(),
            by_status=dict(sorted(self.by_status.items())),
            failed=self.failed,
            customers_hurt=customers_hurt,
            p50_ms=self.percentile_ms(0.50),
            p95_ms=self.percentile_ms(0.95),
            p99_ms=self.percentile_ms(0.99),
        )


@dataclass
class Tally:
    """The counts of some stretch of time, and who was hurt in it, by version."""

    requests: int = 0
    lost: int = 0
    not_sent: int = 0
    versions: dict[str, VersionTally] = field(default_factory=lambda: defaultdict(VersionTally))
    hurt: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def answered(self, customer: str, version: str, status: int, milliseconds: float) -> None:
        """Count an answer; one that only a load balancer can have given is `lost` elsewhere."""
        tally = self.versions[version]
        tally.by_status[f"{status // 100}xx"] += 1
        tally.latencies[math.floor(math.log(max(milliseconds, 0.01)) / _GROWTH)] += 1
        if status >= 500 and version != UNKNOWN:
            tally.failed += 1
            self.hurt[version].add(customer)

    def add(self, other: "Tally") -> None:
        """Count what another stretch of time has counted too."""
        self.requests += other.requests
        self.lost += other.lost
        self.not_sent += other.not_sent
        for version, tally in other.versions.items():
            self.versions[version].add(tally)
        for version, customers in other.hurt.items():
            self.hurt[version] |= customers

    def counts(self) -> dict[str, Any]:
        """All of it, under the names that `Summary` has."""
        by_version = {
            version: self.versions[version].frozen(len(self.hurt.get(version, ())))
            for version in sorted(self.versions.keys() | self.hurt.keys())
        }
        by_status = sum((Counter(v.by_status) for v in by_version.values()), Counter[str]())
        return {
            "requests": self.requests,
            "answered": by_status.total(),
            "failed": sum(v.failed for v in by_version.values()),
            "lost": self.lost,
            "not_sent": self.not_sent,
            "by_status": dict(sorted(by_status.items())),
            "by_version": by_version,
            "customers_hurt": len(set().union(*self.hurt.values())),
        }
