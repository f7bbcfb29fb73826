"""What runs where, as Prometheus asks for it: each version has a port of its own, which changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gonogo.usecases.context import Context


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """One group of Prometheus's HTTP service discovery. `labels` are gone after relabelling."""

    targets: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


async def scrape_targets(
    context: Context, service: str | None, environment: str | None
) -> tuple[ScrapeTarget, ...]:
    """Every instance that stands in a slot, under the address by which the router reaches it."""
    return tuple(
        ScrapeTarget(
            targets=(slot.address,),
            labels={
                "__meta_gonogo_service": slot.service,
                "__meta_gonogo_environment": slot.environment,
                "__meta_gonogo_version": slot.version or "",
                "__meta_gonogo_role": slot.role.value,
            },
        )
        for slot in await context.store.all_slots()
        if slot.address is not None
        and service in {None, slot.service}
        and environment in {None, slot.environment}
    )
