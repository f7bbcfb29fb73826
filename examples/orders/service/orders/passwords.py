"""Passwords, kept as `pbkdf2_sha256$rounds$salt$digest`.

The rounds are part of what is kept, so that they can be raised for new passwords at any time. The
demo users of this example get few: their password is printed in the README, and two hundred
customers sign in during the first seconds of a load test.
"""

import hashlib
import hmac

DEMO_ROUNDS = 1_000


def hashed(password: str, salt: str, rounds: int = DEMO_ROUNDS) -> str:
    """Turn a password into what is kept of it."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), rounds)
    return f"pbkdf2_sha256${rounds}${salt}${digest.hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether this is the password that was kept."""
    _, rounds, salt, _ = kept.split("$")
    return hmac.compare_digest(hashed(password, salt, int(rounds)), kept)
