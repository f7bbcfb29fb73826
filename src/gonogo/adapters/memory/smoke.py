"""Smoke tests that pass unless they were told to fail."""

from dataclasses import dataclass

from gonogo.ports.smoke import SmokeOrder, SmokeResult


@dataclass(frozen=True, slots=True)
class SmokeFault:
    """A test that fails, on one commit or address, or wherever it runs."""

    test: str
    detail: str
    commit: str | None = None
    base_url: str | None = None


class MemorySmoke:
    """The twin of the smoke runner. `orders` holds what was asked for; change `faults` at any time."""

    def __init__(self) -> None:
        self.orders: list[SmokeOrder] = []
        self.faults: list[SmokeFault] = []

    async def run(self, order: SmokeOrder) -> tuple[SmokeResult, ...]:
        """One result for every test, in order."""
        self.orders.append(order)
        return tuple(self._result(order, test.name) for test in order.tests)

    def _result(self, order: SmokeOrder, name: str) -> SmokeResult:
        fault = next((fault for fault in self.faults if _hits(fault, order, name)), None)
        return SmokeResult(name, fault is None, 0.0, "" if fault is None else fault.detail)


def _hits(fault: SmokeFault, order: SmokeOrder, name: str) -> bool:
    return (
        fault.test == name
        and fault.commit in {None, order.commit}
        and fault.base_url in {None, order.base_url}
    )
