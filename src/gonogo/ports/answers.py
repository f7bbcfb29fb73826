"""Where answers to mutations are kept, so that a request sent twice is done once."""

from datetime import datetime
from typing import Protocol

from gonogo.domain.answer import KeptAnswer


class AnswerStore(Protocol):
    """Answers by the key they were asked for under. What is kept is bounded in age and number."""

    async def begin_answer(self, answer: KeptAnswer, since: datetime) -> KeptAnswer | None:
        """Take the place of `answer`, which has no status yet; None when it was free.

        Otherwise what is kept there, and nothing changes. Answers begun before `since` are
        forgotten. Of two that begin at once, one finds the place taken.
        """
        ...

    async def finish_answer(self, answer: KeptAnswer) -> None:
        """Keep the answer of an attempt that was begun. Does nothing when it was forgotten meanwhile."""
        ...

    async def forget_answer(self, place: str, begun: str) -> None:
        """Free a place, if it is still this attempt's."""
        ...
