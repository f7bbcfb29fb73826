"""Signing in with a name and a password.

Guessing is bounded before it costs anything: tries are counted by the address they come from, then by
address and name together, and only what is within both is hashed, a few of one address at a time.
Nothing is counted by the name alone, so nobody can keep another person out by guessing in their name;
and tries from a browser that somebody signed in with before are counted by that browser, so that not
even a neighbour behind the same address can.
A name that nobody has takes the same work and gets the same answer as a wrong password. Who signs in
has their count forgotten.

Sessions and tokens that are good are never counted: they do not come this way.
"""

import ipaddress
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from gonogo.domain.actor import Actor
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import NotAllowed, NotFound, TooManyTries, Unavailable
from gonogo.domain.session import Credential, KnownBrowser
from gonogo.ports.passwords import PasswordHasher
from gonogo.ports.throttle import Allowance
from gonogo.usecases.access.passwords import fits, plain, refuse_weak
from gonogo.usecases.access.people import digest_of_secret, person_here, plainly
from gonogo.usecases.access.sessions import (
    LONGEST_SECRET,
    Browser,
    Opened,
    new_secret,
    open_session,
)
from gonogo.usecases.context import Context

BY_ADDRESS = Allowance("sign-in from an address", 60, timedelta(minutes=5))
BY_ADDRESS_AND_NAME = Allowance("sign-in to a name from an address", 10, timedelta(minutes=15))
BY_BROWSER = Allowance("sign-in from a known browser", 10, timedelta(minutes=15))
BY_LINK = Allowance("one-time links from an address", 60, timedelta(minutes=5))
BY_PERSON = Allowance("password changes of a person", 10, timedelta(minutes=15))

AT_ONCE = 4
"""Passwords from one address that are looked at at once."""

_TOO_MANY = "too many tries came from your address"
WRONG = "the name or the password is wrong"
_LONGEST_NAME = 80


def hasher_of(context: Context) -> PasswordHasher:
    """Whoever hashes passwords. Raises Unavailable where nobody does."""
    if context.passwords is None:
        raise Unavailable("nobody can sign in to this desk with a password")
    return context.passwords


async def sign_in(context: Context, *, name: str, password: str, browser: Browser) -> Opened:
    """A new session for whoever has this name and password.

    Raises NotAllowed when they are wrong, without saying which, and TooManyTries.
    """
    hasher = hasher_of(context)
    name = unicodedata.normalize("NFC", name).strip()
    counted = await _counted_by(context, browser, name)
    await _bounded(context, browser.address, counted)
    async with _one_of_few(context, counted[0][1]):
        known = await _credential(context, name)
        hash_ = known.hash if known else None
        good = fits(password) and await hasher.matches(hash_, plain(password))
    if known is None or not good:
        failed = context.failed_sign_ins.failed(
            context.clock.now(), browser.address, name=known.person if known else None
        )
        await write(context, failed)
        raise NotAllowed(WRONG)
    person = await person_here(context, known.person)
    await context.throttle.forgive(*counted[-1])
    await write(context, context.failed_sign_ins.due(context.clock.now()))
    opened = await open_session(
        context, person, browser, by="password", password_of=known.changed_at
    )
    if hasher.outdated(known.hash):
        await _hash_anew(context, hasher, known, password)
    return opened if counted[-1][0] is BY_BROWSER else await known_from_now_on(context, opened)


async def change_password(
    context: Context, actor: Actor, *, present: str, wanted: str, session: str
) -> None:
    """Another password for oneself; all one's sessions but this one end.

    Raises NotAllowed when the present one is wrong, InvalidInput for a weak one, TooManyTries.
    """
    hasher = hasher_of(context)
    wait = await context.throttle.take(BY_PERSON, actor.name)
    if wait is not None:
        raise TooManyTries("your password was tried too often", wait=wait)
    known = await context.store.credential(actor.name)
    good = fits(present) and await hasher.matches(known.hash if known else None, plain(present))
    if not good:
        raise NotAllowed("the present password is wrong")
    refuse_weak(wanted, actor.name, *actor.emails)
    now = context.clock.now()
    changed = Credential(actor.name, await hasher.hash(plain(wanted)), now)
    audit = AuditDraft(actor.name, "person:password:change", actor.name)
    await context.store.put_credential(changed, audit, keep=session)
    await context.throttle.forgive(BY_PERSON, actor.name)


async def known_from_now_on(context: Context, opened: Opened) -> Opened:
    """Have the browser known as one that this person signed in with."""
    secret, now = new_secret(), context.clock.now()
    browser = KnownBrowser(digest_of_secret(secret), opened.person.name, now)
    await context.store.know_browser(browser)
    return replace(opened, known_as=secret)


async def turned_away(
    context: Context, address: str, known_as: str | None = None
) -> TooManyTries | None:
    """The refusal of one more try from an address that has used its tries up; None while it has some, and
    for a browser that is known."""
    wait = await context.throttle.wait(BY_ADDRESS, network_of(address))
    if wait is None or await _known(context, known_as) is not None:
        return None
    now = context.clock.now()
    await write(context, context.failed_sign_ins.failed(now, address, turned_away=True))
    return TooManyTries(_TOO_MANY, wait=wait)


async def bounded(context: Context, allowance: Allowance, address: str) -> None:
    """Count one try from an address. Raises TooManyTries."""
    wait = await context.throttle.take(allowance, network_of(address))
    if wait is not None:
        raise TooManyTries(_TOO_MANY, wait=wait)


async def write(context: Context, entry: AuditDraft | None) -> None:
    """Append an entry if there is one."""
    if entry is not None:
        await context.store.append(entry)


def network_of(address: str) -> str:
    """What tries are counted by: an IPv4 address, or the /64 network that one IPv6 customer has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


async def _counted_by(
    context: Context, browser: Browser, name: str
) -> tuple[tuple[Allowance, str], ...]:
    """By what a try is counted; the last one is forgiven to who signs in."""
    known = await _known(context, browser.known_as)
    if known is not None and plainly(known.person) == plainly(name):
        return ((BY_BROWSER, known.digest),)
    network = network_of(browser.address)
    together = f"{network} {plainly(name[:_LONGEST_NAME])}"
    return ((BY_ADDRESS, network), (BY_ADDRESS_AND_NAME, together))


async def _credential(context: Context, name: str) -> Credential | None:
    """The password of whoever has this name, in whatever letters it is written: no two people share it."""
    if len(name) > _LONGEST_NAME:
        return None
    wanted = plainly(name)
    for person in await context.store.people():
        if plainly(person.name) == wanted:
            return await context.store.credential(person.name)
    return None


async def _known(context: Context, secret: str | None) -> KnownBrowser | None:
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    return await context.store.known_browser(digest_of_secret(secret))


async def _bounded(
    context: Context, address: str, counted: tuple[tuple[Allowance, str], ...]
) -> None:
    for allowance, key in counted:
        wait = await context.throttle.take(allowance, key)
        if wait is not None:
            now = context.clock.now()
            await write(context, context.failed_sign_ins.failed(now, address, turned_away=True))
            raise TooManyTries(_TOO_MANY, wait=wait)


@asynccontextmanager
async def _one_of_few(context: Context, key: str) -> AsyncIterator[None]:
    """Keep one address from filling the queue in which everybody's passwords wait to be hashed."""
    if context.trying[key] >= AT_ONCE:
        raise TooManyTries(_TOO_MANY, wait=timedelta(seconds=1))
    context.trying[key] += 1
    try:
        yield
    finally:
        context.trying[key] -= 1
        if not context.trying[key]:
            del context.trying[key]


async def _hash_anew(
    context: Context, hasher: PasswordHasher, known: Credential, password: str
) -> None:
    """Keep a password with the work that is asked for now. Its owner is signed in either way."""
    try:
        fresh = Credential(known.person, await hasher.hash(plain(password)), known.changed_at)
        await context.store.put_credential(fresh, None)
    except (Unavailable, NotFound):
        return
