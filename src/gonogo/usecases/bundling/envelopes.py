"""DSSE envelopes as they are read: exactly as the desk writes them, or not at all.

An envelope can be written in many ways that mean the same (blanks, the order of keys, base64 with
loose ends). Here only one is accepted, so that a changed byte is always a refused envelope. Needs no
desk, no home folder and no network.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gonogo.domain.errors import InvalidInput
from gonogo.domain.signing import KeyRing, PublicKey, ring_from
from gonogo.usecases.bundling.statements import PAYLOAD_TYPE, STATEMENT_TYPE, canonical

if TYPE_CHECKING:
    from securesystemslib.dsse import Envelope

_FORMS = "a PEM public key, 64 hexadecimal digits, a SHA256:… fingerprint or an exported ring"


class Unsound(Exception):
    """What is read does not hold; the message is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the reader trusts: the id of the root key, and the ring as they got it, where they did.

    Revocations and keys of that ring count also for what was signed before it was exported.
    """

    root: str
    ring: KeyRing | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """One envelope: its payload, the statement in it, and what is needed to check the signature."""

    payload: bytes
    statement: dict[str, Any]
    key: str
    envelope: "Envelope"

    @property
    def kind(self) -> str:
        """The type of its predicate."""
        return str(self.statement["predicateType"])

    @property
    def predicate(self) -> dict[str, Any]:
        """What it states."""
        found: dict[str, Any] = self.statement["predicate"]
        return found

    def signed_by(self, key: PublicKey) -> bool:
        """Whether the signature is this key's."""
        from securesystemslib.exceptions import VerificationError

        try:
            self.envelope.verify([_library_key(key.id, key.public)], 1)
        except VerificationError:
            return False
        return True


def read_envelope(line: bytes) -> Signed:
    """An envelope with an in-toto statement. Raises Unsound with a clause that says what is wrong."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import FormatError

    data = _json(line, "it is not JSON")
    try:
        key = data["signatures"][0]["keyid"]
        signature = data["signatures"][0]["sig"]
        shape = {
            "payload": data["payload"],
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key, "sig": signature}],
        }
        envelope = Envelope.from_dict(json.loads(line))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, FormatError):
        raise Unsound("it is not a DSSE envelope with an in-toto statement") from None
    written = json.dumps(envelope.to_dict(), separators=(",", ":"))
    if data != shape or line != written.encode():
        raise Unsound("it is not a DSSE envelope as the desk writes them")
    return Signed(envelope.payload, _statement(envelope.payload), str(key), envelope)


def _statement(payload: bytes) -> dict[str, Any]:
    statement: dict[str, Any] = _json(payload, "its payload is not JSON")
    try:
        sound = canonical(statement) == payload
    except ValueError:
        sound = False
    if not sound:
        raise Unsound("its payload is not canonical JSON")
    kinds = {"_type": str, "subject": list, "predicateType": str, "predicate": dict}
    fits = isinstance(statement, dict) and statement.keys() == kinds.keys()
    if not fits or any(not isinstance(statement[name], kind) for name, kind in kinds.items()):
        raise Unsound("its payload is not an in-toto statement")
    if statement["_type"] != STATEMENT_TYPE:
        raise Unsound(f"its statement is of the type {statement['_type'][:80]}")
    return statement


def _json(text: bytes, otherwise: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unsound(otherwise) from None


def check(public: str, signature: str, text: bytes) -> bool:
    """Whether a signature (hex) is that of an Ed25519 key (hex) over a text."""
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    try:
        _library_key("", public).verify_signature(Signature("", signature), text)
    except (UnverifiedSignatureError, ValueError):
        return False
    return True


def _library_key(key_id: str, public: str) -> Any:  # noqa: ANN401 - securesystemslib's
    from securesystemslib.signer import SSlibKey

    return SSlibKey(key_id, "ed25519", "ed25519", {"public": public})


def key_id(public: str) -> str:
    """The id of a key given as 32 bytes in hex."""
    return sha256(bytes.fromhex(public)).hexdigest()


def read_trust(text: str) -> Trust:
    """Whom to trust, from any of the forms in which a desk gives its root away. Raises InvalidInput."""
    text = text.strip()
    try:
        if text.startswith("{"):
            ring = ring_from(json.loads(text))
            return Trust(ring.keys[0].id, ring)
        if text.startswith("-----BEGIN"):
            return Trust(key_id(_of_pem(text)))
        if text.upper().startswith("SHA256:"):
            return Trust(_hex(text[len("SHA256:") :]))
        return Trust(key_id(_hex(text)))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidInput(
            f"this is no key to trust ({error}); it must be {_FORMS}",
            hint="on the desk: gonogo keys public",
        ) from error


def _hex(text: str) -> str:
    if len(bytes.fromhex(text)) != 32:
        raise ValueError(f"{len(text)} hexadecimal digits")
    return text.lower()


def _of_pem(text: str) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("it is not an Ed25519 key")  # noqa: TRY004 - said to a person as the others
    return key.public_bytes_raw().hex()


def pem_of(public: str) -> str:
    """A key (hex) as PEM."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def rings_together(own: KeyRing, trust: Trust) -> KeyRing:
    """The ring that something carries, with what the reader's own ring says beyond it.

    Raises Unsound when the two are not one ring at different times.
    """
    if trust.root != own.keys[0].id:
        raise Unsound(
            f"its keys begin with SHA256:{own.keys[0].id[:16]}…, and you trust"
            f" SHA256:{trust.root[:16]}…"
        )
    if trust.ring is None:
        return own
    shorter, longer = sorted((own.keys, trust.ring.keys), key=len)
    if longer[: len(shorter)] != shorter:
        raise Unsound("its keys are not those of the ring that you trust")
    added = [each for each in trust.ring.revocations if each not in own.revocations]
    return KeyRing(longer, (*own.revocations, *added))
