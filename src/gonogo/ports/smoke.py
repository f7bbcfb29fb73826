"""Trying a running version the way a tester would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gonogo.domain.plan import SmokeTest


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """One test's end: `detail` says in one sentence what was wrong, or is empty."""

    name: str
    passed: bool
    seconds: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SmokeOrder:
    """Which tests to run, in order, against which address.

    `headers` go with every request (the tester's secret header). `placeholders` are replaced in
    commands, `variables` and the secrets of `environment` are added to their environment; they run in
    the files of `commit`.
    """

    service: str
    commit: str
    base_url: str
    tests: tuple[SmokeTest, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: str = ""


class Smoke(Protocol):
    """Runs smoke tests."""

    async def run(self, order: SmokeOrder) -> tuple[SmokeResult, ...]:
        """One result for every test, in order; after a failure the rest still run where they can."""
        ...
