"""What customers ask for: how much load is wanted, and what each of them does next."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp

PASSWORD = "orders-demo"


@dataclass(frozen=True)
class Options:
    """How much load, and of what kind. Rates are per second, times in seconds."""

    url: str
    rate: float = 60.0
    seed: int = 1
    seconds: float | None = None
    out: Path | None = None
    without_courier: float = 0.5
    tracking: bool = False
    plain: str | None = None
    post_share: float = 0.0
    customers: int = 200
    timeout: float = 10.0
    max_outstanding: int = 2_000
    idle: float = 20.0
    connections_each: int = 4


Kind = Literal["login", "create", "list", "read", "track", "dashboard", "export", "plain"]


@dataclass(frozen=True)
class Request:
    """One request, before it is sent."""

    kind: Kind
    method: str
    path: str
    body: dict[str, Any] | None = None


MIX: dict[Kind, float] = {"create": 30, "list": 27, "read": 25, "dashboard": 17, "export": 1}
MIX_WITH_TRACKING: dict[Kind, float] = MIX | {"list": 15, "track": 12}
COURIERS = ("North Line", "Quick Wheels", "River Freight", "Blue Van")


@dataclass
class Customer:
    """Someone with an address, perhaps a token, and the orders they remember."""

    name: str
    email: str
    session: aiohttp.ClientSession
    token: str | None = None
    orders: deque[int] = field(default_factory=lambda: deque(maxlen=20))


def next_request(customer: Customer, options: Options, chance: random.Random) -> Request:
    """Choose what a customer does next."""
    if options.plain is not None:
        if chance.random() < options.post_share:
            return Request("plain", "POST", options.plain, {"customer": customer.name})
        return Request("plain", "GET", options.plain)
    if customer.token is None:
        credentials = {"email": customer.email, "password": PASSWORD}
        return Request("login", "POST", "/api/v1/login", credentials)
    mix = MIX_WITH_TRACKING if options.tracking else MIX
    kind = chance.choices(tuple(mix), tuple(mix.values()))[0]
    return ACTIONS[kind](customer, options, chance)


def _create(customer: Customer, options: Options, chance: random.Random) -> Request:
    order: dict[str, Any] = {
        "customer_name": f"Customer {customer.name}",
        "items": [{"sku": "CRATE-S", "quantity": chance.randint(1, 9)}],
    }
    if chance.random() >= options.without_courier:
        order["courier"] = chance.choice(COURIERS)
    return Request("create", "POST", "/api/v1/orders", order)


def _read(customer: Customer, options: Options, chance: random.Random) -> Request:
    if not customer.orders:
        return ACTIONS["list"](customer, options, chance)
    return Request("read", "GET", f"/api/v1/orders/{chance.choice(customer.orders)}")


def _get(kind: Kind, path: str) -> Callable[[Customer, Options, random.Random], Request]:
    return lambda *_: Request(kind, "GET", f"/api/v1/{path}")


ACTIONS: dict[Kind, Callable[[Customer, Options, random.Random], Request]] = {
    "create": _create,
    "read": _read,
    "list": _get("list", "orders"),
    "track": _get("track", "orders/tracking"),
    "dashboard": _get("dashboard", "dashboard"),
    "export": _get("export", "orders/export.xlsx?rows=100"),
}
