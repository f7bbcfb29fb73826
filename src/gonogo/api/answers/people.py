"""What is answered of people: who they are, their tokens, sessions and one-time links."""

from pydantic import Field

from gonogo.api.answers.shapes import Answer, Instant


class TokenAnswer(Answer):
    """A token, without what opens the door."""

    id: str
    person: str
    created_at: Instant
    expires_at: Instant
    revoked_at: Instant | None
    scopes: list[str] | None = None


class ListedToken(TokenAnswer):
    """A token and whether it is `good`, `expired` or `revoked`."""

    state: str


class IssuedTokenAnswer(TokenAnswer):
    """A new token; `secret` is told this once."""

    secret: str = Field(examples=["gonogo_…"])


class PersonAnswer(Answer):
    """Somebody whom the desk knows or knew."""

    name: str
    roles: list[str]
    emails: list[str]
    added_by: str
    added_at: Instant
    left_at: Instant | None


class ActorAnswer(Answer):
    """Who somebody is to the desk, and what they may do."""

    name: str
    roles: list[str]
    emails: list[str]
    may: list[str]


class WaysAnswer(Answer):
    """By what one can sign in here."""

    password: bool
    openid: bool


class SignedInAnswer(ActorAnswer):
    """Who is signed in now; `csrf_token` is what requests of this session that change something carry."""

    csrf_token: str


class EndedAnswer(Answer):
    """How many sessions were ended."""

    ended: int


class UnlinkedAnswer(Answer):
    """How many accounts elsewhere were taken from somebody."""

    unlinked: int


class ChangedPassword(Answer):
    """That the password was changed."""

    password: str = Field(examples=["changed"])


class SessionAnswer(Answer):
    """One session of one's own; `present` is the one that asks."""

    id: str
    created_at: Instant
    seen_at: Instant
    expires_at: Instant
    client: str
    address: str
    present: bool


class InvitationAnswer(Answer):
    """What a one-time link is for; without `person` it makes the first admin."""

    person: str | None
    purpose: str
    made_by: str
    expires_at: Instant


class NewInvitation(InvitationAnswer):
    """A new one-time link, told this once."""

    link: str
