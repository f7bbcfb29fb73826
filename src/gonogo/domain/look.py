"""What the judge saw and said, kept for reports, replays and `why`."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.gauge import Reading
from gonogo.domain.latency import ArmLatencies
from gonogo.domain.traffic import Increment
from gonogo.domain.verdict import Judgement

UNWATCHED = "nobody watched for"
"""How the gap begins of a stretch in which no desk watched."""


@dataclass(frozen=True, slots=True)
class Look:
    """One stretch of judging: what was counted since the look before and what was said at its end.

    `share` is the canary's planned share of customers. `gap` says why counts of this stretch were
    dropped, when they were. `hurt` are keyed digests of the customers whom the canary failed.
    `readings` are what was read of gauges, in the order in which it came.
    `latencies` are of all judged requests of both arms; None where the source has none.
    """

    release: str
    at: datetime
    step: int
    share: float
    increments: tuple[Increment, ...]
    judgement: Judgement
    gap: str | None = None
    hurt: tuple[str, ...] = ()
    latencies: ArmLatencies | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def unwatched(self) -> bool:
        """Whether counts were dropped because the desk itself was away, and not for their source."""
        return self.gap is not None and self.gap.startswith(UNWATCHED)
