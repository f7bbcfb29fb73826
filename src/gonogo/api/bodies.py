"""Request bodies. Unknown keys are refused."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from gonogo.domain.actor import Role, Scope
from gonogo.domain.release import InstructionKind
from gonogo.usecases.access.people import DEFAULT_LIFE

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Body(BaseModel):
    """A JSON object whose keys are all known, and whose texts every database can hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nul(cls, data: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Refuse the character NUL, which SQLite keeps and PostgreSQL does not."""
        waiting = [data]
        while waiting:
            each = waiting.pop()
            if isinstance(each, str) and "\0" in each:
                raise ValueError("a text does not hold the character NUL")
            if isinstance(each, dict):
                waiting += [*each.keys(), *each.values()]
            elif isinstance(each, list):
                waiting += each
        return data


class RegisterBody(Body):
    """A spec's text, where it was read and the repository its versions come from."""

    spec: Annotated[str, StringConstraints(max_length=1_000_000)]
    path: Annotated[str, StringConstraints(max_length=4096)] = "gonogo.yaml"
    repository: Annotated[str, StringConstraints(max_length=4096)]
    replaces: Annotated[str, StringConstraints(max_length=64)] | None = None


class AdoptBody(Body):
    """What listens at `at` (an IP address and a port) is `version`, a tag, or what people call `commit`."""

    environment: Name
    at: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(
        examples=["127.0.0.1:8000"]
    )
    version: Name
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40,64}$")] | None = None


class CompareBody(Body):
    """A spec's text and where it was read, to be held against the registered one."""

    spec: Annotated[str, StringConstraints(max_length=1_000_000)]
    path: Annotated[str, StringConstraints(max_length=4096)] = "gonogo.yaml"


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


Roles = Annotated[list[Role], Field(max_length=20)]


class PersonBody(Body):
    """Somebody whom the desk shall know."""

    name: Annotated[str, StringConstraints(max_length=1000)]
    roles: Roles
    emails: Annotated[
        list[Annotated[str, StringConstraints(max_length=1000)]], Field(max_length=100)
    ] = []


class RolesBody(Body):
    """All roles that somebody has from now on."""

    roles: Roles


class RevocationBody(Body):
    """From when on a key is not trusted, and why."""

    since: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Annotated[str, StringConstraints(max_length=10_000)]


class TokenBody(Body):
    """For how long a token is good, and what it is narrowed to."""

    days: Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)] = DEFAULT_LIFE.days
    scopes: Annotated[list[Scope], Field(max_length=20)] | None = None


Password = Annotated[str, StringConstraints(max_length=1000)]
Secret = Annotated[str, StringConstraints(max_length=200)]


class SignInBody(Body):
    """A name and a password."""

    name: Annotated[str, StringConstraints(max_length=200)]
    password: Password


class SignOutBody(Body):
    """Whether to sign out of every browser and not of this one alone."""

    everywhere: bool = False


class PasswordBody(Body):
    """The password one has, and the one wanted."""

    present: Password
    wanted: Password


class InvitationBody(Body):
    """The secret of a one-time link."""

    invitation: Secret


class AcceptBody(Body):
    """The secret of a one-time link and the password wanted; `name` is for the first admin."""

    invitation: Secret
    password: Password
    name: Annotated[str, StringConstraints(max_length=1000)] = ""
