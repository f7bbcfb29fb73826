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
    end_router,
    hand_back,
    let_go,
    plan_hand_back,
    traffic,
)
from gonogo.domain.errors import GonogoError
from gonogo.domain.quiet import Quiet
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
    if plan.adopted and plan.stays:
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
    watched = [await _watch(parts, plan, wanted) for plan in found if plan.router]
    for plan in found:
        await hand_back(parts.world, plan, parts.owner.name)
        say(_handed(plan))
    for each in watched:
        entrance = _entrance(each.plan)
        say(f"point the front of {each.plan.name} from {entrance} to {each.plan.slot.address}")
    if not wanted.router_stays:
        await _wait(parts, watched, wanted, say, ask)
    ended = {each.plan.name for each in watched if each.ended}
    for plan in found:
        if not plan.router or plan.name in ended:
            await let_go(parts.world, plan, parts.owner.name)
    return tuple(
        as_data(plan, "none" if not plan.router else "ended" if plan.name in ended else "stays")
        for plan in found
    )


@dataclass(slots=True)
class _Watched:
    """A router whose customers are counted from before they were handed back."""

    plan: HandBack
    quiet: Quiet
    came: int = 0
    ended: bool = False


async def _watch(parts: Parts, plan: HandBack, wanted: Leaving) -> _Watched:
    now = time.monotonic()
    return _Watched(plan, Quiet(wanted.quiet, now, await traffic(parts.world, plan)))


def _handed(plan: HandBack) -> str:
    slot = plan.slot
    if plan.adopted:
        return f"{plan.name}: every customer is on {slot.version} at {slot.address}"
    return f"{plan.name}: {slot.version} is left running at {slot.address}"


def _entrance(plan: HandBack) -> str:
    return plan.environment.url.removeprefix("http://")


async def _wait(parts: Parts, watched: list[_Watched], wanted: Leaving, say: Say, ask: Ask) -> None:
    """End each router when its customers have gone."""
    told = time.monotonic()
    over = None if wanted.within is None else told + wanted.within.total_seconds()
    left = list(watched)
    while left and (over is None or time.monotonic() < over):
        await asyncio.sleep(_LOOK_SECONDS)
        now = time.monotonic()
        for each in left:
            await _see(parts, each, now)
        gone = [each for each in left if each.quiet.is_quiet(now)]
        left = [each for each in left if each not in gone]
        for each in gone:
            each.ended = await _end(parts, each, say, ask)
        if left and now - told >= _SAY_SECONDS:
            for each in left:
                say(_still(each, now - told))
                each.came = 0
            told = now


async def _see(parts: Parts, each: _Watched, now: float) -> None:
    try:
        each.came += each.quiet.see(await traffic(parts.world, each.plan), now)
    except GonogoError:
        each.quiet.last_at = now  # a router that cannot be asked may have customers


async def _end(parts: Parts, each: _Watched, say: Say, ask: Ask) -> bool:
    plan, quiet = each.plan, each.quiet
    if not quiet.seen and plan.environment == plan.registration.plan.production:
        silent = f"no request came to {_entrance(plan)} in {quiet.needed:g} s, so it is not known"
        if not ask(f"{silent} whether its customers have gone; end the router of {plan.name}?"):
            say(f"the router of {plan.name} stays; once they have gone, gonogo down ends it")
            return False
    await end_router(parts.world, plan)
    say(f"the router of {plan.name} has ended: nobody came for {quiet.needed:.0f} s")
    return True


def _still(each: _Watched, seconds: float) -> str:
    plan, many = each.plan, "1 request" if each.came == 1 else f"{each.came:,} requests"
    open_ = f", {each.quiet.last.open} are open" if each.quiet.last.open else ""
    return f"{plan.name}: {many} in the last {seconds:.0f} s through {_entrance(plan)}{open_}"
