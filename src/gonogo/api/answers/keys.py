"""What is answered of the desk's keys, and of the head of its audit chain that they sign."""

from typing import Any

from gonogo.api.answers.shapes import Answer, Instant


class KeyAnswer(Answer):
    """One public key; `state` is `signs`, `earlier`, `expired` or `revoked`."""

    id: str
    public: str
    valid_from: Instant
    valid_until: Instant
    endorsed_by: str | None
    state: str


class RevocationAnswer(Answer):
    """From when on a key is not trusted."""

    key: str
    since: Instant
    reason: str


class KeysAnswer(Answer):
    """Every key there ever was, the root first."""

    root: str
    keys: list[KeyAnswer]
    revocations: list[RevocationAnswer]


class RingAnswer(Answer):
    """The ring of public keys and revocations, for readers of bundles."""

    keys: list[dict[str, Any]]
    revocations: list[dict[str, Any]]


class PemAnswer(Answer):
    """The root key as PEM."""

    pem: str


class HeadAnswer(Answer):
    """A signed head of the audit chain."""

    sequence: int
    digest: str
    at: Instant
    envelope: str
