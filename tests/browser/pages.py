"""A desk with something on every page, and the addresses of all pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.browser.team import GUARDED, LONG_STEPS, Team
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually


@dataclass(frozen=True)
class Furnished:
    """The address of each page by what it shows; `outside` are those for whoever is not signed in."""

    team: Team
    inside: dict[str, str]
    outside: dict[str, str]


@contextmanager
def furnished() -> Iterator[Furnished]:
    """A desk where one release waits, one goes well, one was released and one was taken back."""
    house = DeskHouse()
    team: Team | None = None
    try:
        house.start()
        team = Team.gathered(house)
        yield _with_releases(team)
    finally:
        house.close()
        if team:
            team.close()


def _with_releases(team: Team) -> Furnished:
    desk = team.desk
    baker = team.register("bakery")
    team.hand_over("bakery", "v1.1.0")
    with Customers(baker.port):
        released = desk.begin("bakery", "v1.1.0")
        desk.until(released, "released", within=120)
        taken_back = desk.begin("bakery", "bad")
        desk.until(taken_back, "rolled_back", within=120)
    orders = team.register("orders", steps=LONG_STEPS)
    team.hand_over("orders", "v1.1.0")
    canary = desk.begin("orders", "v1.1.0")
    desk.until_step(canary)
    with Customers(orders.port, rate=20) as customers:
        eventually(lambda: customers.of("v1.1.0") >= 12, "a dozen requests", within=120)
    team.register("payments", serving=None, gates=GUARDED)
    team.hand_over("payments", "v1.0.0")
    held = desk.begin("payments", "v1.0.0")
    desk.until(held, "held")
    desk.post("/services/payments/freeze", {"on": True, "reason": "the year is closed"})
    desk.post("/people", {"name": "newcomer", "roles": ["developer"]})
    invitation = desk.post("/people/newcomer/invitations", {})["link"]
    version = "/services/orders/versions/v1.1.0"
    inside = {
        "board": "/",
        "release-held": f"/releases/{held}",
        "release-canary": f"/releases/{canary}",
        "release-released": f"/releases/{released}",
        "release-rolled-back": f"/releases/{taken_back}",
        "service": "/services/orders",
        "version": version,
        "handoff-draft": f"{version}?draft=1",
        "sign-off": "/services/payments/versions/v1.0.0/sign-off",
        "history": "/history",
        "health": "/health",
        "audit": "/audit",
        "people": "/people",
        "settings": "/settings",
    }
    outside = {
        "sign-in": "/sign-in",
        "join": invitation.removeprefix(team.address),
        "join-nothing": "/join?invitation=nothing",
    }
    return Furnished(team, inside, outside)
