"""Bodies of requests that file papers. Texts are held to their limits by the use cases."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gonogo.api.bodies import Body, Name
from gonogo.domain.actor import Role

Text = Annotated[str, StringConstraints(max_length=10_000)]
Written = Annotated[str, StringConstraints(max_length=1_000_000)]
Path = Annotated[str, StringConstraints(max_length=4096)]


class HandoffBody(Body):
    """A handoff's text (YAML), where it was read, and the version it is for."""

    version: Name
    text: Written
    path: Path = "handoff.yaml"


class AcknowledgementBody(Body):
    """A schedule as people write it."""

    version: Name
    at: Name | None = None
    window: Name | None = None
    duration: Name | None = None
    downtime: Name | None = None
    steps: Annotated[tuple[Text, ...], Field(max_length=200)] = ()
    concerns: Text = ""


class SignOffBody(Body):
    """A word in a role on the evidence with this digest; `criteria` is a file's text (YAML)."""

    version: Name
    role: Role
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    note: Text = ""
    criteria: Written | None = None
    criteria_path: Path = "criteria.yaml"


class WaiverBody(Body):
    """A gate let pass; without `version` for the whole service."""

    gate: Name
    role: Role
    reason: Text
    until: Name
    version: Name | None = None


class TickBody(Body):
    """One line of a checklist."""

    checklist: Name
    item: Name
    version: Name | None = None
    done: bool = True
    evidence: Text = ""


class FreezeBody(Body):
    """Whether releases (or messages) are held, why, and until when."""

    on: bool
    reason: Text
    until: Name | None = None


class WithdrawalBody(Body):
    """Why a paper is taken back."""

    reason: Text
