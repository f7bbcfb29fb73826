"""What is answered of the desk itself: that it answers, its health, and its audit chain."""

from typing import Any

from pydantic import Field

from gonogo.api.answers.shapes import Answer, Instant


class DeskHealth(Answer):
    """That a desk answers, and of which version."""

    desk: str = Field(examples=["gonogo"])
    version: str = Field(examples=["0.1.0"])


class Stopping(Answer):
    """That the desk was told to end."""

    desk: str = Field(examples=["stopping"])


class EntryAnswer(Answer):
    """One entry of the audit chain. `data` depends on `action`."""

    sequence: int
    at: Instant
    actor: str
    action: str = Field(examples=["person:release:start"])
    subject: str
    data: dict[str, Any]
    digest: str


class ChainAnswer(Answer):
    """Whether the audit chain holds; `broken` is the first entry that does not."""

    holds: bool
    entries: int
    head: str
    broken: EntryAnswer | None
    reason: str | None


class FindingAnswer(Answer):
    """One check of the desk's health, and its remedy."""

    check: str
    health: str = Field(examples=["good"])
    detail: str
    remedy: str
