"""Layouts for tests of routers and metrics, in few words."""

from gonogo.domain.slot import SLOT_NAMES, Layout, Target

HEADER = "x-gonogo-tester"
SECRET = "only-testers-know"


def target(address: str | None = None, share: float = 0.0, *, testers: bool = False) -> Target:
    """A target whose slot `layout` fills in."""
    return Target(slot="", address=address, share=share, testers=testers)


def layout(port: int, *targets: Target, service: str = "orders", **changes: str | None) -> Layout:
    """Targets for the slots a, b and c, in order; slots without one are empty."""
    placed = tuple(
        Target(name, one.address, one.share, one.testers)
        for name, one in zip(SLOT_NAMES, targets + (target(),) * 3, strict=False)
    )
    values: dict[str, str | None] = {"tester_header": HEADER, "tester_secret": SECRET} | changes
    return Layout(service, "production", "127.0.0.1", port, placed, **values)
