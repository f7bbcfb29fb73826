"""Who has customers, by what the router says of itself."""

import asyncio

from tests.e2e.desk import SmallService, eventually

from gonogo.adapters.haproxy.router import HaproxyRouter

FOR_LONG = ("20% for 10m, at least 100000 requests",)
"""A step that ends by trouble alone."""


def shares(service: SmallService) -> dict[str, float]:
    """What the router says of itself, read past the desk."""
    router = HaproxyRouter(service.desk.home / "routers")
    reading = asyncio.run(router.read(service.name, "production"))
    assert reading is not None
    return {name: slot.share for name, slot in reading.slots.items() if slot.share}


def see_it_taken_out(service: SmallService) -> None:
    """Wait until one slot has all customers."""
    eventually(lambda: list(shares(service).values()) == [1.0], "the canary out")
