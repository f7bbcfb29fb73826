"""One-time links: the first admin's, for somebody's first password, and for another one.

A link is shown once, to whoever made it; its digest alone is kept. It works once, until it expires or
a newer one for the same person takes its place.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gonogo.domain.actor import DESK, Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, InvalidInput, NotFound
from gonogo.domain.person import Person
from gonogo.domain.session import Invitation, Purpose
from gonogo.usecases.access.passwords import plain, refuse_weak
from gonogo.usecases.access.people import apart_from_all, digest_of_secret, name_of, person_here
from gonogo.usecases.access.sessions import (
    LONGEST_SECRET,
    Browser,
    Opened,
    new_secret,
    open_session,
)
from gonogo.usecases.access.sign_in import BY_LINK, bounded, hasher_of, known_from_now_on
from gonogo.usecases.context import Context
from gonogo.usecases.permissions import Deed, allow

PAGE = "/join?invitation="
"""Where a link leads: the page that asks for a password, and the secret."""

GOOD_FOR = {
    Purpose.FIRST_ADMIN: timedelta(hours=24),
    Purpose.JOIN: timedelta(days=3),
    Purpose.RESET: timedelta(hours=24),
}
_SPENT = "this link is wrong, was used, has expired, or a newer one has taken its place"


@dataclass(frozen=True, slots=True)
class Invited:
    """A new link's secret, which is shown now and never again."""

    invitation: Invitation
    secret: str

    @property
    def path(self) -> str:
        """What comes after the desk's address."""
        return PAGE + self.secret


async def first_admin(context: Context) -> Invited | None:
    """The link that makes the first admin; None once anybody can sign in."""
    if await context.store.those_who_sign_in():
        return None
    return await _invited(context, "", Purpose.FIRST_ADMIN, DESK.name)


async def invite(context: Context, actor: Actor, *, name: str) -> Invited:
    """A link by which somebody who is known chooses a password: their first one, or another one.

    Raises NotFound or Conflict for somebody who is not here, InvalidInput for a CI job.
    """
    allow(actor, Deed.MANAGE_PEOPLE)
    person = await person_here(context, name)
    if person.roles == (Role.CI,):
        raise InvalidInput(
            f"{name} is a CI job, which signs in with a token",
            hint=f"gonogo people token '{name}'",
        )
    known = await context.store.credential(name)
    purpose = Purpose.JOIN if known is None else Purpose.RESET
    return await _invited(context, person.name, purpose, actor.name)


async def look_at(context: Context, *, secret: str, browser: Browser) -> Invitation:
    """What a link is for. Raises NotFound for one that opens nothing, TooManyTries."""
    await bounded(context, BY_LINK, browser.address)
    found = None
    if 0 < len(secret) <= LONGEST_SECRET:
        found = await context.store.invitation(digest_of_secret(secret))
    usable = found is not None and found.ended_at is None
    if found is None or not usable or context.clock.now() >= found.expires_at:
        raise NotFound(_SPENT, hint="ask an admin for another one: gonogo people invite NAME")
    return found


async def accept(
    context: Context, *, secret: str, password: str, browser: Browser, name: str = ""
) -> Opened:
    """Use a link: give whom it is for this password and sign them in. `name` is for the first admin.

    Raises NotFound for a link that opens nothing, InvalidInput for a weak password or a name that
    cannot be, Conflict when somebody else was first, TooManyTries.
    """
    invitation = await look_at(context, secret=secret, browser=browser)
    if invitation.purpose is Purpose.FIRST_ADMIN:
        person = await _first_admin(context, name)
        added: Person | None = person
    else:
        person, added = await person_here(context, invitation.person), None
    refuse_weak(password, person.name, *person.emails)
    hashed = await hasher_of(context).hash(plain(password))
    data = {"purpose": invitation.purpose.value, "made_by": invitation.made_by}
    if added is not None:
        data["roles"] = Role.ADMIN.value
    audit = AuditDraft(person.name, "person:invitation:accept", person.name, data)
    await context.store.accept(invitation, added, hashed, audit)
    opened = await open_session(context, person, browser, by="link")
    return await known_from_now_on(context, opened)


def invitation_view(invitation: Invitation) -> dict[str, Any]:
    """A link as plain data, without anything that could open the door."""
    return {
        "person": invitation.person or None,
        "purpose": invitation.purpose.value,
        "made_by": invitation.made_by,
        "expires_at": invitation.expires_at.isoformat(),
    }


async def _first_admin(context: Context, name: str) -> Person:
    if await context.store.those_who_sign_in():
        raise Conflict("somebody can sign in already", hint="ask an admin to invite you")
    person = Person(name_of(name), (Role.ADMIN,), (), DESK.name, context.clock.now())
    await apart_from_all(context, person)
    return person


async def _invited(context: Context, person: str, purpose: Purpose, by: str) -> Invited:
    now, secret = context.clock.now(), new_secret()
    invitation = Invitation(
        digest=digest_of_secret(secret),
        person=person,
        purpose=purpose,
        made_by=by,
        created_at=now,
        expires_at=now + GOOD_FOR[purpose],
    )
    data = {"purpose": purpose.value, "expires_at": invitation.expires_at.isoformat()}
    kind = "desk" if by == DESK.name else "person"
    audit = AuditDraft(by, f"{kind}:invitation:make", person or "the first admin", data)
    await context.store.invite(invitation, audit)
    return Invited(invitation, secret)
