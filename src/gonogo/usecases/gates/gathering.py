"""Gathering what gates look at from the repository and the secrets, beside what was filed.

Only what some rule of the plan asks for is read. What a repository says of two commits never changes,
so it is read once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from gonogo.domain.change import Change, Merge
from gonogo.domain.dossier import Dossier
from gonogo.domain.errors import GonogoError
from gonogo.domain.gate import GateMode
from gonogo.domain.gate_rules import (
    CoverageRule,
    DocumentationRule,
    GateRule,
    PatchGuardRule,
    RunbookRule,
    SecretsRule,
    SignOffsRule,
)
from gonogo.domain.paper import Paper
from gonogo.ports.dossiers import Candidate
from gonogo.ports.history import History
from gonogo.ports.secrets import Secrets

Found = TypeVar("Found")

_REMEMBERED = 64


@dataclass
class DossierReader:
    """`gonogo.ports.dossiers.Dossiers` over the ports it reads."""

    history: History
    secrets: Secrets
    _known: dict[tuple[object, ...], object] = field(default_factory=dict)

    async def gather(self, candidate: Candidate, papers: tuple[Paper, ...]) -> Dossier:
        """See the port."""
        plan = candidate.plan
        rules = tuple(rule for rule in plan.gates if rule.mode is not GateMode.OFF)
        return Dossier(
            service=plan.service,
            version=candidate.version,
            commit=candidate.commit,
            papers=papers,
            previous=candidate.previous,
            change=await self._change(candidate, rules),
            merges=await self._merges(candidate, rules),
            recent=await self._recent(candidate, rules),
            secrets=await self._secrets(candidate, rules),
            files=await self._files(candidate, rules),
        )

    async def _change(self, candidate: Candidate, rules: tuple[GateRule, ...]) -> Change | None:
        if not any(
            isinstance(rule, CoverageRule | SignOffsRule | PatchGuardRule) for rule in rules
        ):
            return None
        here, base, head = candidate.repository, candidate.previous_commit, candidate.commit
        return await self._read(
            ("change", here, base, head), lambda: self.history.change(here, base, head)
        )

    async def _merges(
        self, candidate: Candidate, rules: tuple[GateRule, ...]
    ) -> tuple[Merge, ...] | None:
        if not any(isinstance(rule, PatchGuardRule) for rule in rules):
            return None
        here, base, head = candidate.repository, candidate.previous_commit, candidate.commit
        if base is None:
            return ()
        return await self._read(
            ("merges", here, base, head), lambda: self.history.merges(here, head, since=base)
        )

    async def _recent(
        self, candidate: Candidate, rules: tuple[GateRule, ...]
    ) -> tuple[Merge, ...] | None:
        wanted = max((rule.recent for rule in rules if isinstance(rule, PatchGuardRule)), default=0)
        if not wanted:
            return None
        here, head = candidate.repository, candidate.commit
        return await self._read(
            ("recent", here, head, wanted),
            lambda: self.history.merges(here, head, limit=wanted),
        )

    async def _secrets(
        self, candidate: Candidate, rules: tuple[GateRule, ...]
    ) -> Mapping[str, frozenset[str]] | None:
        if not any(isinstance(rule, SecretsRule) for rule in rules):
            return None
        service = candidate.plan.service
        try:
            return {
                environment.name: await self.secrets.names(service, environment.name)
                for environment in candidate.plan.environments
            }
        except GonogoError:
            return None

    async def _files(
        self, candidate: Candidate, rules: tuple[GateRule, ...]
    ) -> Mapping[str, str | None] | None:
        paths = tuple(sorted({path for rule in rules for path in files_of(rule)}))
        if not paths:
            return {}
        here, commit = candidate.repository, candidate.commit
        return await self._read(
            ("files", here, commit, paths), lambda: self.history.files(here, commit, paths)
        )

    async def _read(
        self, key: tuple[object, ...], ask: Callable[[], Awaitable[Found]]
    ) -> Found | None:
        """What the repository says, asked once; None, asked again the next time, when it cannot."""
        if key not in self._known:
            try:
                found = await ask()
            except GonogoError:
                return None
            while len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = found
        return self._known[key]  # type: ignore[return-value] # stored under the same key


def files_of(rule: GateRule) -> tuple[str, ...]:
    """Paths in the version's files that a rule asks for."""
    if isinstance(rule, DocumentationRule):
        return (*rule.files, *([rule.change_log] if rule.change_log else []))
    if isinstance(rule, RunbookRule):
        places = (rule.runbook, rule.dashboard)
        return tuple(place for place in places if place and "://" not in place)
    return ()
