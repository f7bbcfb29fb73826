"""Messages to people, queued with the change they tell of and sent after it is stored."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell. `id` is the same however often it is tried, so that a receiver can tell."""

    id: str
    release: str
    kind: str
    text: str
    at: datetime
