"""Request bodies. Unknown keys are refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gonogo.domain.release import InstructionKind

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Body(BaseModel):
    """A JSON object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RegisterBody(Body):
    """A spec's text, where it was read and the repository its versions come from."""

    spec: Annotated[str, StringConstraints(max_length=1_000_000)]
    path: Annotated[str, StringConstraints(max_length=4096)] = "gonogo.yaml"
    repository: Annotated[str, StringConstraints(max_length=4096)]


class ReleaseBody(Body):
    """Which version of which service; `key` makes asking twice harmless."""

    service: Name
    version: Name
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{4,64}$")] | None = None


class LineBody(Body):
    """One line that was tried in production."""

    name: Name
    passed: bool
    seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] | None = None
    note: Annotated[str, StringConstraints(max_length=1000)] = ""


class InstructionBody(Body):
    """A person's word to a release; `lines` go with confirm and reject."""

    kind: InstructionKind
    reason: Annotated[str, StringConstraints(max_length=10_000)] = ""
    lines: Annotated[list[LineBody], Field(max_length=200)] = []
