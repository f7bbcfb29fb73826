"""Signed tokens that need no table.

A token says who its bearer is and until when, and is signed with a secret that every process of the
service knows. So a token issued by one version is good on the other: a customer whom the load
balancer sends from the stable version to the canary stays signed in.
"""

import base64
import binascii
import hashlib
import hmac
import json

LIFETIME_SECONDS = 12 * 3600


def issue(user_id: int, secret: str, now: float) -> str:
    """Make a token for a user, good for `LIFETIME_SECONDS` from `now` (Unix seconds)."""
    payload = json.dumps({"user": user_id, "until": int(now) + LIFETIME_SECONDS}).encode()
    return f"{_text(payload)}.{_text(_signature(payload, secret))}"


def bearer(token: str, secret: str, now: float) -> int | None:
    """The user whose token this is, or None if it is forged, damaged or too old."""
    payload_text, _, signature_text = token.partition(".")
    try:
        payload, signature = _bytes(payload_text), _bytes(signature_text)
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(signature, _signature(payload, secret)):
        return None
    claims = json.loads(payload)
    return int(claims["user"]) if now < claims["until"] else None


def _signature(payload: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), payload, hashlib.sha256)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.urlsafe_b64decode(value.encode("ascii"))
