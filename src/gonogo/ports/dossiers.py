"""Everything that is known of a version, gathered when a decision is to be made."""

from typing import Protocol

from gonogo.domain.dossier import Dossier
from gonogo.domain.plan import Plan


class Dossiers(Protocol):
    """Gathers what gates look at."""

    async def gather(
        self, plan: Plan, repository: str, version: str, commit: str, previous: str | None
    ) -> Dossier:
        """What is known now of this commit; `previous` is the commit of the version that serves.

        What cannot be read is None in the dossier, so that its gates say MISSING; only a store that
        does not answer raises (Unavailable).
        """
        ...
