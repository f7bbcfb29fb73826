"""Gauges and instances that tests change where they need to."""

from datetime import timedelta

from gonogo.domain.gauge import Bound, Gauge, GaugeOrigin, ResidentMemory, Unit
from gonogo.domain.instance import Instance
from gonogo.domain.plan import Health


def a_gauge(
    name: str = "queue",
    *,
    origin: GaugeOrigin | None = None,
    at_most: float = 100,
    seconds: float = 30,
    unit: Unit = Unit.NUMBER,
) -> Gauge:
    lasting = timedelta(seconds=seconds)
    return Gauge(name, origin or ResidentMemory(), Bound.AT_MOST, at_most, lasting, unit)


def an_instance(port: int = 9001, version: str = "v2") -> Instance:
    health = Health("/health")
    return Instance("r1.production", "shop", "production", version, "c" * 40, port, "run", health)
