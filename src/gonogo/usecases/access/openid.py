"""Signing in by an account at an OpenID provider: authorization code with PKCE.

One secret, which only the browser has while it is away, stands behind all three that the flow needs:
state, nonce and verifier are derived from it, and the desk keeps its digest. So a return is good in
the browser that went, once, and for ten minutes.

An account is somebody's by its issuer and subject, which never change. The first time it is linked by
an address that the provider verified to the person who has that address here; an account that is linked
once stays with its person whatever address it has later, and a person has one account at a provider.
Who was made known by an admin keeps the roles that admins give; who became known by their account has
the roles that the provider's claim gives at each sign-in.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from gonogo.domain.actor import DESK, Actor, Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Conflict, GonogoError, InvalidInput, NotFound
from gonogo.domain.person import Person
from gonogo.domain.session import Flow, LinkedIdentity
from gonogo.ports.identity import Asked
from gonogo.ports.throttle import Allowance
from gonogo.usecases.access.people import apart_from_all, digest_of_secret, name_of, person_here
from gonogo.usecases.access.sessions import (
    LONGEST_SECRET,
    Browser,
    Opened,
    new_secret,
    open_session,
)
from gonogo.usecases.access.sign_in import bounded, write
from gonogo.usecases.context import Context
from gonogo.usecases.openid_policy import (
    OpenId,
    OpenIdPolicy,
    Refusal,
    SignInRefused,
    check_claims,
    roles_from,
    verified_email,
)
from gonogo.usecases.permissions import Deed, allow

AWAY_FOR = timedelta(minutes=10)
BY_FLOW = Allowance("sign-ins at a provider from an address", 60, timedelta(minutes=5))
_LONGEST_CODE = 4096


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the secret that it keeps meanwhile."""

    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brings back: its secret, and what the provider added to the address."""

    secret: str | None
    state: str | None
    code: str | None
    issuer: str | None = None
    error: str | None = None


def openid_of(context: Context) -> OpenId:
    """The provider. Raises NotFound where there is none."""
    if context.openid is None:
        raise NotFound("this desk knows no identity provider", hint="set GONOGO_OIDC_ISSUER")
    return context.openid


async def begin(context: Context, *, next_: str, return_to: str, browser: Browser) -> Begun:
    """Send a browser to the provider. Raises NotFound, Unavailable, TooManyTries."""
    openid = openid_of(context)
    await bounded(context, BY_FLOW, browser.address)
    secret = new_secret()
    asked = Asked(
        state=_derived(secret, "state"),
        nonce=_derived(secret, "nonce"),
        challenge=_text(sha256(_derived(secret, "verifier").encode()).digest()),
        return_to=return_to,
    )
    address = await openid.provider.address(asked)
    now = context.clock.now()
    await context.store.put_flow(Flow(digest_of_secret(secret), next_, now + AWAY_FOR), now)
    return Begun(address, secret)


async def finish(
    context: Context, returned: Returned, *, return_to: str, browser: Browser
) -> tuple[Opened, str]:
    """Sign in whom the provider speaks of; and where they wanted to go.

    Raises SignInRefused, Unavailable when the provider does not answer, TooManyTries.
    """
    openid = openid_of(context)
    await bounded(context, BY_FLOW, browser.address)
    try:
        flow, code = await _flow(context, openid.policy, returned)
        secret = returned.secret or ""
        claims = await openid.provider.redeem(code, _derived(secret, "verifier"), return_to)
        now = context.clock.now()
        nonce = _derived(secret, "nonce")
        subject = check_claims(claims, openid.policy, nonce=nonce, now=now)
        async with context.people_turn:
            person = await _person(context, openid.policy, subject, claims)
    except GonogoError:
        failed = context.failed_sign_ins.failed(context.clock.now(), browser.address)
        await write(context, failed)
        raise
    await write(context, context.failed_sign_ins.due(now))
    return await open_session(context, person, browser, by="openid"), flow.next


async def unlink(context: Context, actor: Actor, *, name: str) -> int:
    """Forget somebody's accounts at providers, so that another one can be linked; how many there were."""
    allow(actor, Deed.MANAGE_PEOPLE)
    person = await person_here(context, name)
    audit = AuditDraft(actor.name, "person:identity:unlink", person.name)
    return await context.store.unlink(person.name, audit)


async def _flow(context: Context, policy: OpenIdPolicy, returned: Returned) -> tuple[Flow, str]:
    secret = returned.secret or ""
    fits = 0 < len(secret) <= LONGEST_SECRET and returned.state is not None
    state = (returned.state or "").encode()
    if not fits or not hmac.compare_digest(state, _derived(secret, "state").encode()):
        raise SignInRefused("this sign-in was not begun in this browser", Refusal.FLOW)
    flow = await context.store.take_flow(digest_of_secret(secret), context.clock.now())
    if flow is None:
        raise SignInRefused("this sign-in was ended already, or took too long", Refusal.FLOW)
    if returned.issuer is not None and returned.issuer != policy.issuer:
        raise SignInRefused("another identity provider answered", Refusal.IDENTITY)
    code = returned.code or ""
    if returned.error is not None or not 0 < len(code) <= _LONGEST_CODE:
        raise SignInRefused("the identity provider signed nobody in", Refusal.DENIED)
    return flow, code


async def _person(
    context: Context, policy: OpenIdPolicy, subject: str, claims: Mapping[str, Any]
) -> Person:
    person = await context.store.linked(policy.issuer, subject)
    if person is None:
        return await _link(context, policy, subject, claims)
    if person.added_by != policy.issuer:
        return person
    roles = roles_from(claims, policy)
    if not roles:
        # Their tokens have to stop too, and a token may what its holder may.
        await _with_roles(context, person, ())
        audit = AuditDraft(DESK.name, "desk:session:end-all", person.name, {"why": "no role left"})
        await context.store.end_sessions(person.name, audit)
        raise _no_role(person.name)
    return await _with_roles(context, person, roles)


async def _link(
    context: Context, policy: OpenIdPolicy, subject: str, claims: Mapping[str, Any]
) -> Person:
    email = verified_email(claims, policy)
    if email is None:
        raise SignInRefused(
            "the identity provider names no verified address that counts here", Refusal.UNKNOWN
        )
    known = [
        person
        for person in await context.store.people()
        if person.left_at is None and email in person.emails
    ]
    now = context.clock.now()
    if not known:
        person = await _created(context, policy, email, claims)
        identity = LinkedIdentity(policy.issuer, subject, person.name, now)
        data = {"issuer": policy.issuer, "roles": [role.value for role in person.roles]}
        audit = AuditDraft(DESK.name, "desk:person:add", person.name, data)
        await context.store.link(identity, person, audit)
        return person
    person = known[0]
    for other in await context.store.identities(person.name):
        if other.issuer == policy.issuer:
            raise SignInRefused(
                f"{person.name} has another account at this provider; an admin can unlink it",
                Refusal.UNKNOWN,
            )
    identity = LinkedIdentity(policy.issuer, subject, person.name, now)
    audit = AuditDraft(person.name, "person:identity:link", person.name, {"issuer": policy.issuer})
    await context.store.link(identity, None, audit)
    return person


async def _created(
    context: Context, policy: OpenIdPolicy, email: str, claims: Mapping[str, Any]
) -> Person:
    roles = roles_from(claims, policy)
    if not policy.create:
        raise SignInRefused(f"nobody here has the address {email}", Refusal.UNKNOWN)
    if not roles:
        raise _no_role(email)
    wanted = claims.get("name")
    for name in (wanted if isinstance(wanted, str) else "", email):
        person = Person("", roles, (email,), policy.issuer, context.clock.now())
        try:
            person = replace(person, name=name_of(name))
            await apart_from_all(context, person)
        except (InvalidInput, Conflict):
            continue
        return person
    raise SignInRefused(f"no name is free for {email}", Refusal.UNKNOWN)


async def _with_roles(context: Context, person: Person, roles: tuple[Role, ...]) -> Person:
    if roles == person.roles:
        return person
    changed = replace(person, roles=roles)
    data = {
        "roles": [role.value for role in roles],
        "before": [role.value for role in person.roles],
    }
    audit = AuditDraft(DESK.name, "desk:person:roles", person.name, data)
    await context.store.put_person(changed, audit)
    return changed


def _no_role(who: str) -> SignInRefused:
    return SignInRefused(f"the identity provider gives {who} no role here", Refusal.ROLES)


def _derived(secret: str, use: str) -> str:
    return _text(hmac.digest(secret.encode(), use.encode(), "sha256"))


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
