"""Everything that is known of a version, gathered when a decision is to be made."""

from dataclasses import dataclass
from typing import Protocol

from gonogo.domain.dossier import Dossier
from gonogo.domain.paper import Paper
from gonogo.domain.plan import Plan


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that may be released, and what serves now (None: nothing does).

    `plan` is the one that counts for it, `repository` where its commits are.
    """

    plan: Plan
    repository: str
    version: str
    commit: str
    previous: str | None = None
    previous_commit: str | None = None


class Dossiers(Protocol):
    """Gathers what gates look at."""

    async def gather(self, candidate: Candidate, papers: tuple[Paper, ...]) -> Dossier:
        """What is known now of this version; `papers` is what was filed about it.

        Those are read by whoever asks: a store answers soon or is stuck, while a repository may take
        minutes. What cannot be read is None in the dossier, so that its gates say MISSING.
        """
        ...
