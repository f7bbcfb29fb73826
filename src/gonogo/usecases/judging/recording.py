"""What was counted during a release, as data that leaves the desk and can be judged again elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from gonogo.domain.errors import GonogoError
from gonogo.domain.plan import Past
from gonogo.domain.story import Story, deciding_look
from gonogo.domain.traffic import (
    BadStatus,
    Counts,
    Endpoint,
    Increment,
    Kpi,
    SlowerThan,
    Unit,
)
from gonogo.judge.plan import judge_plan

_SOME_ENDPOINT = Endpoint(path="/some")  # which one is not needed to judge its counts again


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """One stored look: seconds after the first one, and what came since the look before it.

    `alone`: the canary carried all traffic. `newly_hurt`: customers whom it failed for the first time.
    """

    seconds: float
    step: int
    share: float
    alone: bool
    increments: tuple[Increment, ...]
    newly_hurt: int


@dataclass(frozen=True, slots=True)
class Recording:
    """The looks of one release, with what it was judged by. `stopped` counts seconds like the looks."""

    service: str
    version: str
    started: datetime
    false_alarm: float
    attempt: int
    kpis: tuple[Kpi, ...]
    looks: tuple[RecordedLook, ...]
    stopped: float | None
    past: Past = Past.OFF

    @property
    def seconds(self) -> float:
        """How long was recorded."""
        return self.looks[-1].seconds if self.looks else 0.0


def recording_view(story: Story) -> dict[str, Any]:
    """A release's looks as JSON. Stretches whose counts were dropped have none."""
    release = story.release
    plan = judge_plan(release.plan, release.attempt)
    deciding = deciding_look(story)
    known: set[str] = set()
    looks = []
    for look in story.looks:
        newly = set(look.hurt) - known
        known |= newly
        looks.append(
            {
                "at": look.at.isoformat(),
                "step": look.step,
                "share": look.share,
                "gap": look.gap,
                "newly_hurt": len(newly),
                "counts": {
                    each.kpi: [
                        *(each.baseline.bad, each.baseline.total),
                        *(each.canary.bad, each.canary.total),
                    ]
                    for each in (look.increments if look.gap is None else ())
                },
            }
        )
    return {
        "id": release.id,
        "service": release.service,
        "version": release.version,
        "false_alarm": plan.false_alarm,
        "attempt": plan.attempt,
        "past": plan.past.value,
        "kpis": [_kpi_view(kpi) for kpi in plan.kpis],
        "stopped_at": deciding.at.isoformat() if deciding else None,
        "looks": looks,
    }


def _kpi_view(kpi: Kpi) -> dict[str, Any]:
    return {
        "kpi": kpi.name,
        "counts": "slow" if isinstance(kpi.bad, SlowerThan) else "errors",
        "all_requests": kpi.endpoint == Endpoint(),
        "limit": kpi.limit,
        "ratio": kpi.ratio,
        "unit": kpi.unit.value,
        "once_in": kpi.once_in.total_seconds() if kpi.once_in else None,
    }


def read_recording(found: Mapping[str, Any]) -> Recording:
    """What `recording_view` wrote. Raises GonogoError for what another version of the desk wrote."""
    try:
        return _read(found)
    except (KeyError, TypeError, ValueError) as error:
        raise GonogoError(
            f"the desk's answer cannot be read ({type(error).__name__}: {error})",
            hint="the desk and this command may be of different versions: restart the desk",
        ) from error


def _read(found: Mapping[str, Any]) -> Recording:
    times = [_instant(look["at"]) for look in found["looks"]]
    started = times[0] if times else datetime.fromtimestamp(0, UTC)
    looks = tuple(
        RecordedLook(
            seconds=(at - started).total_seconds(),
            step=int(look["step"]),
            share=float(look["share"]),
            alone=float(look["share"]) >= 1,
            increments=tuple(
                Increment(kpi, Counts(row[0], row[1]), Counts(row[2], row[3]))
                for kpi, row in look["counts"].items()
            ),
            newly_hurt=int(look["newly_hurt"]),
        )
        for at, look in zip(times, found["looks"], strict=True)
    )
    stopped = found["stopped_at"]
    return Recording(
        service=found["service"],
        version=found["version"],
        started=started,
        false_alarm=float(found["false_alarm"]),
        attempt=int(found["attempt"]),
        kpis=tuple(_kpi(kpi) for kpi in found["kpis"]),
        looks=looks,
        stopped=(_instant(stopped) - started).total_seconds() if stopped else None,
        past=Past(found.get("past", Past.OFF)),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _kpi(found: Mapping[str, Any]) -> Kpi:
    bad = SlowerThan(timedelta()) if found["counts"] == "slow" else BadStatus(())
    endpoint = Endpoint() if found["all_requests"] else _SOME_ENDPOINT
    seconds = found.get("once_in")
    return Kpi(
        found["kpi"],
        bad,
        endpoint,
        limit=found["limit"],
        ratio=found["ratio"],
        unit=Unit(found.get("unit", Unit.REQUEST)),
        once_in=timedelta(seconds=seconds) if seconds else None,
    )


@dataclass(frozen=True, slots=True)
class KpiTraffic:
    """What a KPI's baseline had: requests a second (both arms together) and the share of bad ones."""

    rate: float
    share: float


def traffic_of(recording: Recording) -> dict[str, KpiTraffic]:
    """Per KPI, over the stretches in which the release had a baseline; KPIs without requests are left out."""
    seconds = 0.0
    sums: dict[str, Increment] = {}
    for before, look in pairwise(recording.looks):
        if look.alone or not look.increments:
            continue
        seconds += look.seconds - before.seconds
        for each in look.increments:
            known = sums.get(each.kpi, Increment(each.kpi))
            sums[each.kpi] = Increment(
                each.kpi, known.baseline + each.baseline, known.canary + each.canary
            )
    found = {}
    for kpi, each in sums.items():
        requests = each.baseline.total + each.canary.total
        if seconds > 0 and each.baseline.total:
            share = each.baseline.bad / each.baseline.total
            found[kpi] = KpiTraffic(requests / seconds, share)
    return found
