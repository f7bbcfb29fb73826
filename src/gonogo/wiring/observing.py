"""The sources that `gonogo observe` can watch."""

import secrets

from gonogo.adapters.haproxy.metrics import HaproxyMetrics
from gonogo.adapters.prometheus import PrometheusMetrics
from gonogo.adapters.system_clock import SystemClock
from gonogo.domain.errors import InvalidInput, NotFound
from gonogo.settings import Settings
from gonogo.usecases.judging.observe_metrics import (
    Arms,
    OnStart,
    RouterPlace,
    Wanted,
    Watcher,
    arms_of,
    follow,
    look_back,
)

_NOWHERE = RouterPlace("", "")


async def observe(settings: Settings, wanted: Wanted, began: OnStart) -> None:
    """Watch what is wanted. Nothing is moved, and nothing is written.

    Raises InvalidInput where nobody said which requests are the canary's, and what the source raises.
    """
    clock = SystemClock()
    if wanted.origin is not None:
        if wanted.arms is None:
            raise InvalidInput("which values are the canary's?")
        prometheus = PrometheusMetrics(wanted.origin, clock)
        watcher = Watcher(wanted.plan, wanted.at_least, arms=wanted.arms)
        began(watcher, f"Prometheus at {wanted.origin.url}")
        if wanted.since is not None:
            await look_back(prometheus, watcher, clock, wanted.since)
        else:
            await follow(prometheus, _NOWHERE, watcher, clock, wanted.lasts)
        return
    place = wanted.router or _NOWHERE
    arms = wanted.arms or await _arms(settings, place)
    # Customers are digested under a key that nobody keeps: who was hurt is not asked here.
    router = HaproxyMetrics(settings.home / "routers", clock, secrets.token_bytes(32))
    watcher = Watcher(wanted.plan, wanted.at_least, arms=arms)
    began(watcher, f"the router of {place.service} in {place.environment}")
    await follow(router, place, watcher, clock, wanted.lasts)


async def _arms(settings: Settings, place: RouterPlace) -> Arms:
    """As the slots of the desk's database say now."""
    if not settings.database.exists():
        raise NotFound(
            f"there is no desk's database in {settings.home}",
            hint="set GONOGO_HOME to the folder that the desk uses",
        )
    from gonogo.wiring.parts import assemble

    parts = assemble(settings, lambda _: None)
    try:
        return arms_of(await parts.store.slots(place.service, place.environment), place)
    finally:
        await parts.close()
