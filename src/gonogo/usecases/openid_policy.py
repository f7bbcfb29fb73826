"""What the desk believes of an OpenID provider's word. Pure.

The checks are those of OpenID Connect Core 3.1.3.7. An e-mail address counts only where the provider
says that it verified it, and a claim gives only the roles that the settings name for its values:
everything else gives none.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gonogo.domain.actor import PEOPLE_ROLES, Role
from gonogo.domain.errors import InvalidInput, NotAllowed
from gonogo.ports.identity import IdentityProvider

SKEW = timedelta(minutes=1)
"""By how much the provider's clock may differ from ours."""
_OLDEST = timedelta(minutes=10)
_LONGEST_SUBJECT = 255


class Refusal(StrEnum):
    """Why nobody was signed in, for the page that says so."""

    FLOW = "flow"
    DENIED = "denied"
    IDENTITY = "identity"
    UNKNOWN = "unknown"
    ROLES = "roles"


class SignInRefused(NotAllowed):
    """The provider's word signs nobody in here; `reason` says why."""

    def __init__(self, message: str, reason: Refusal) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class OpenIdPolicy:
    """Which provider, and what of its word counts.

    `domains` (lower case; none: any) are those of addresses that count. `roles` are given for values of
    the claim `role_claim`. With `create` somebody unknown with such a role becomes known.
    """

    issuer: str
    client_id: str
    domains: frozenset[str] = frozenset()
    role_claim: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict)
    create: bool = False


@dataclass(frozen=True, slots=True)
class OpenId:
    """The provider, and what of its word counts."""

    provider: IdentityProvider
    policy: OpenIdPolicy


def check_claims(
    claims: Mapping[str, Any], policy: OpenIdPolicy, *, nonce: str, now: datetime
) -> str:
    """The subject that signed claims speak of. Raises SignInRefused unless they are for us, for this
    sign-in, and of now."""
    wrong = _wrong(claims, policy, nonce, now.timestamp())
    if wrong is not None:
        raise SignInRefused(f"the identity provider's token {wrong}", Refusal.IDENTITY)
    subject: str = claims["sub"]
    return subject


def _wrong(claims: Mapping[str, Any], policy: OpenIdPolicy, nonce: str, now: float) -> str | None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    skew = SKEW.total_seconds()
    given, subject = claims.get("nonce"), claims.get("sub")
    expires, issued, begins = (_seconds(claims.get(name)) for name in ("exp", "iat", "nbf"))
    checks = (
        (claims.get("iss") != policy.issuer, "is of another issuer"),
        (policy.client_id not in audiences, "is for another application"),
        (
            claims.get("azp", policy.client_id) != policy.client_id
            or (len(audiences) > 1 and "azp" not in claims),
            "was given to another application",
        ),
        (expires is None or now >= expires + skew, "has expired"),
        (issued is None or issued > now + skew, "is from the future"),
        (issued is not None and issued < now - _OLDEST.total_seconds(), "is too old"),
        ("nbf" in claims and (begins is None or begins > now + skew), "does not hold yet"),
        (
            not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()),
            "is of another sign-in",
        ),
        (
            not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT,
            "names nobody",
        ),
    )
    return next((said for is_wrong, said in checks if is_wrong), None)


def verified_email(claims: Mapping[str, Any], policy: OpenIdPolicy) -> str | None:
    """The address that counts, in lower case; None where there is none."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return None
    email = email.strip().lower()
    name, _, domain = email.rpartition("@")
    if not name or not domain or (policy.domains and domain not in policy.domains):
        return None
    return email


def roles_from(claims: Mapping[str, Any], policy: OpenIdPolicy) -> tuple[Role, ...]:
    """The roles that the claim gives; none for values that the settings do not name."""
    if policy.role_claim is None:
        return ()
    value = claims.get(policy.role_claim)
    values = value if isinstance(value, list) else [value]
    given = {
        policy.roles[each] for each in values if isinstance(each, str) and each in policy.roles
    }
    return tuple(role for role in PEOPLE_ROLES if role in given)


def role_mapping(pairs: Mapping[str, str]) -> dict[str, Role]:
    """Values of a claim with the roles they give, from names. Raises InvalidInput for what is no role."""
    found = {}
    for value, name in pairs.items():
        if name not in {role.value for role in PEOPLE_ROLES}:
            known = ", ".join(role.value for role in PEOPLE_ROLES)
            raise InvalidInput(
                f'GONOGO_OIDC_ROLES gives "{value}" the role "{name}", which is none',
                hint=f"one of: {known}",
            )
        found[value] = Role(name)
    return found


def _seconds(value: object) -> float | None:
    """A time of a token; None for what is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
