"""`gonogo down --release-traffic`: customers are handed back, then the routers end.

It works in this process, over the desk's folder, after the desk has ended. Everything that has to
outlast it stands in the rows and in the router, so it may be cut off anywhere and begun again.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gonogo.controllers.handing_back import (
    HandBack,
    Quiet,
    end_router,
    hand_back,
    plan_hand_back,
    traffic,
)
from gonogo.domain.errors import GonogoError
from gonogo.usecases.permissions import Deed, allow
from gonogo.wiring.parts import Parts

Say = Callable[[str], None]
Ask = Callable[[str], bool]

_LOOK_SECONDS = 1.0
_SAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Leaving:
    """How to leave: `quiet` is how long no customer must come before a router ends; with
    `router_stays` they are not waited for, and with `within` for no longer than that."""

    quiet: timedelta
    within: timedelta | None = None
    router_stays: bool = False


def intention(plan: HandBack) -> str:
    """What handing back would do to one environment, in one sentence."""
    slot = plan.slot
    if plan.adopted and plan.before == slot.version:
        return f"{plan.name}: customers stay on {slot.version}, which was adopted at {slot.address}"
    if plan.adopted:
        return (
            f"{plan.name}: customers go from {plan.before} to {slot.version}, which was adopted at"
            f" {slot.address}; {plan.before} is drained and stopped"
        )
    why = f" (what was adopted cannot have them: {plan.why})" if plan.why else ""
    return f"{plan.name}: {slot.version} goes on at {slot.address}{why}"


def as_data(plan: HandBack, router: str) -> dict[str, Any]:
    """As JSON; `router` is ended, stays or none."""
    return {
        "service": plan.registration.service,
        "environment": plan.environment.name,
        "version": plan.slot.version,
        "address": plan.slot.address,
        "adopted": plan.adopted,
        "before": plan.before,
        "why_not_adopted": plan.why or None,
        "url": plan.environment.url,
        "router": router,
    }


async def planned(parts: Parts) -> tuple[HandBack, ...]:
    """What would be done. Raises Conflict while a release is under way."""
    allow(parts.owner, Deed.STOP)
    return await plan_hand_back(parts.world)


async def leave(parts: Parts, wanted: Leaving, say: Say, ask: Ask) -> tuple[dict[str, Any], ...]:
    """Hand customers back everywhere, then wait until none comes through the routers."""
    found = await planned(parts)
    for plan in found:
        await hand_back(parts.world, plan, parts.owner.name)
        say(_handed(plan))
    waiting = [plan for plan in found if plan.router]
    for plan in waiting:
        say(f"point the front of {plan.name} from {_entrance(plan)} to {plan.slot.address}")
    ended = set[int]()
    if not wanted.router_stays:
        ended = await _wait(parts, waiting, wanted, say, ask)
    return tuple(
        as_data(plan, "none" if not plan.router else "ended" if id(plan) in ended else "stays")
        for plan in found
    )


def _handed(plan: HandBack) -> str:
    slot = plan.slot
    if plan.adopted:
        return f"{plan.name}: every customer is on {slot.version} at {slot.address}"
    return f"{plan.name}: {slot.version} is left running at {slot.address}"


def _entrance(plan: HandBack) -> str:
    return plan.environment.url.removeprefix("http://")


async def _wait(
    parts: Parts, waiting: list[HandBack], wanted: Leaving, say: Say, ask: Ask
) -> set[int]:
    """End each router when its customers have gone; which ended, by the identity of their plan."""
    began = time.monotonic()
    over = None if wanted.within is None else began + wanted.within.total_seconds()
    watched = {id(plan): Quiet(wanted.quiet, began) for plan in waiting}
    for plan in waiting:  # what came before is not what comes now
        watched[id(plan)].last = await traffic(parts.world, plan)
    left, ended, told = list(waiting), set[int](), began
    came = dict.fromkeys(watched, 0)
    while left and (over is None or time.monotonic() < over):
        await asyncio.sleep(_LOOK_SECONDS)
        now = time.monotonic()
        for plan in tuple(left):
            quiet = watched[id(plan)]
            came[id(plan)] += await _see(parts, plan, quiet, now)
            if not quiet.is_quiet(now):
                continue
            left.remove(plan)
            if await _end(parts, plan, quiet, say, ask):
                ended.add(id(plan))
        if left and now - told >= _SAY_SECONDS:
            for plan in left:
                say(_still(plan, came[id(plan)], now - told, watched[id(plan)]))
            came, told = dict.fromkeys(watched, 0), now
    return ended


async def _see(parts: Parts, plan: HandBack, quiet: Quiet, now: float) -> int:
    try:
        return quiet.see(await traffic(parts.world, plan), now)
    except GonogoError:
        quiet.last_at = now  # a router that cannot be asked may have customers
        return 0


async def _end(parts: Parts, plan: HandBack, quiet: Quiet, say: Say, ask: Ask) -> bool:
    if not quiet.seen:
        silent = f"no request came to {_entrance(plan)} in {quiet.needed:g} s, so it is not known"
        if not ask(f"{silent} whether its customers have gone; end the router of {plan.name}?"):
            say(f"the router of {plan.name} stays")
            return False
    await end_router(parts.world, plan)
    say(f"the router of {plan.name} has ended: nobody came for {quiet.needed:.0f} s")
    return True


def _still(plan: HandBack, came: int, seconds: float, quiet: Quiet) -> str:
    many = "1 request" if came == 1 else f"{came:,} requests"
    open_ = f", {quiet.last.open} are open" if quiet.last.open else ""
    return f"{plan.name}: {many} in the last {seconds:.0f} s through {_entrance(plan)}{open_}"
