"""What is refused of a bundle, and what old keys and revoked keys mean for it."""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.bundles import Notary, a_notary
from tests.plans import a_plan

from gonogo.domain.errors import InvalidInput
from gonogo.domain.signing import KeyRing, ring_data
from gonogo.usecases.bundling import statements as of
from gonogo.usecases.bundling.envelopes import Trust, pem_of, read_trust
from gonogo.usecases.bundling.verify import Refused, Verified, verify_bundle

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[tuple[bytes, Trust]]:
    """A bundle of a release that has only begun."""
    async with a_notary(tmp_path / "small", a_plan()) as made:
        await made.begin()
        yield await made.bundle(), await made.trust()


def refused(content: bytes, trust: Trust) -> Refused:
    found = verify_bundle(content, trust)
    assert isinstance(found, Refused), "it must not hold"
    return found


async def signed_again(notary: Notary, bundle: bytes, changes: dict[str, object]) -> bytes:
    """The bundle as a desk would sign it that changed predicates beforehand: kind → change."""
    payloads = [base64.b64decode(json.loads(line)["payload"]) for line in bundle.splitlines()]
    said = [json.loads(payload) for payload in payloads]
    for each in said[:-1]:
        change = changes.get(each["predicateType"])
        if change is not None:
            change(each["predicate"])
    listed = said[-1]["predicate"]["statements"]
    for each, entry in zip(said, listed, strict=False):
        entry["sha256"] = of.digest(of.canonical(each))
    lines = [await notary.signer.envelope(of.canonical(each), of.PAYLOAD_TYPE) for each in said]
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.slow
async def test_a_bundle_with_any_one_byte_changed_is_refused(
    small: tuple[bytes, Trust],
) -> None:
    bundle, trust = small
    assert isinstance(verify_bundle(bundle, trust), Verified)
    for place in range(len(bundle)):
        changed = bytearray(bundle)
        changed[place] ^= 1
        found = verify_bundle(bytes(changed), trust)
        assert isinstance(found, Refused), f"byte {place} ({bundle[place : place + 1]!r})"


async def test_a_bundle_with_any_bit_of_a_byte_changed_is_refused(
    small: tuple[bytes, Trust],
) -> None:
    bundle, trust = small
    for place in range(0, len(bundle), 29):
        for bit in range(8):
            changed = bytearray(bundle)
            changed[place] ^= 1 << bit
            assert isinstance(verify_bundle(bytes(changed), trust), Refused), (place, bit)


async def test_a_bundle_with_a_byte_more_or_less_is_refused(small: tuple[bytes, Trust]) -> None:
    bundle, trust = small
    for place in range(0, len(bundle), 7):
        refused(bundle[:place] + bundle[place + 1 :], trust)
        refused(bundle[:place] + b" " + bundle[place:], trust)


async def test_a_bundle_that_was_cut_off_anywhere_is_refused(small: tuple[bytes, Trust]) -> None:
    bundle, trust = small
    for end in range(len(bundle)):
        refused(bundle[:end], trust)


async def test_lines_in_another_order_are_refused(notary: Notary) -> None:
    await notary.whole_way()
    bundle, trust = await notary.bundle(), await notary.trust()
    lines = bundle.splitlines(keepends=True)
    for place in range(len(lines) - 1):
        moved = lines.copy()
        moved[place], moved[place + 1] = moved[place + 1], moved[place]
        refused(b"".join(moved), trust)


async def test_a_line_left_out_or_given_twice_is_refused(notary: Notary) -> None:
    await notary.whole_way()
    bundle, trust = await notary.bundle(), await notary.trust()
    lines = bundle.splitlines(keepends=True)
    for place in range(len(lines)):
        refused(b"".join(lines[:place] + lines[place + 1 :]), trust)
        refused(b"".join([*lines[: place + 1], *lines[place:]]), trust)


async def test_a_line_of_another_bundle_of_the_same_desk_is_refused(notary: Notary) -> None:
    await notary.begin()
    first = (await notary.bundle()).splitlines(keepends=True)
    await notary.papers()
    await notary.decide()
    second, trust = (await notary.bundle()).splitlines(keepends=True), await notary.trust()
    found = refused(b"".join([*second[:-2], first[-2], second[-1]]), trust)
    assert found.line == len(second) - 1
    assert "not the statement that the last line lists" in found.reason


async def test_another_way_of_writing_the_same_envelope_is_refused(
    small: tuple[bytes, Trust],
) -> None:
    bundle, trust = small
    first, rest = bundle.split(b"\n", 1)
    data = json.loads(first)
    spaced = json.dumps(data).encode()
    more = json.dumps({**data, "note": "x"}, separators=(",", ":")).encode()
    signature = {**data["signatures"][0], "note": "x"}
    wordy = json.dumps({**data, "signatures": [signature]}, separators=(",", ":")).encode()
    for line in (spaced, more, wordy, first + b"\r"):
        assert refused(line + b"\n" + rest, trust).line == 1


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"", 0, "empty"),
        (b"\n", 1, "not JSON"),
        (b"{}", 0, "end of a line"),
        (b"{}\n", 1, "not a DSSE envelope"),
        (b"[" * 100_000 + b"\n", 1, "not JSON"),
        (b'{"payload":1,"payloadType":"","signatures":[]}\n', 1, "not a DSSE envelope"),
        (b"\xff\xfe\n", 1, "not JSON"),
    ],
)
async def test_what_is_no_bundle_is_refused_with_the_line(
    content: bytes, line: int, reason: str
) -> None:
    found = refused(content, Trust("00" * 32))
    assert found.line == line
    assert reason in found.reason


async def test_a_bundle_of_another_desk_is_refused(
    small: tuple[bytes, Trust], notary: Notary
) -> None:
    bundle, _ = small
    assert "and you trust" in refused(bundle, await notary.trust()).reason


async def test_a_desk_cannot_pass_itself_off_as_another_by_naming_its_root(
    small: tuple[bytes, Trust], notary: Notary
) -> None:
    _, trust = small
    await notary.begin()
    own = await notary.bundle()
    ring = ring_data(await notary.signer.ring())
    forged = {**ring["keys"][0], "id": trust.root}
    lines = own.splitlines()
    last = json.loads(base64.b64decode(json.loads(lines[-1])["payload"]))
    last["predicate"]["keys"]["keys"] = [forged, *ring["keys"]]
    envelope = await notary.signer.envelope(of.canonical(last), of.PAYLOAD_TYPE)
    changed = b"\n".join([*lines[:-1], envelope.encode(), b""])
    assert "is not what its id says" in refused(changed, trust).reason


async def test_a_bundle_from_before_a_rotation_stays_verifiable_and_so_is_one_after(
    notary: Notary,
) -> None:
    await notary.begin()
    before, trust = await notary.bundle(), await notary.trust()
    notary.desk.clock.forward(days=2)
    for _ in range(3):
        notary.desk.clock.forward(hours=1)
        await notary.signer.rotate()
    after = await notary.bundle()
    for bundle in (before, after):
        assert isinstance(verify_bundle(bundle, trust), Verified)


async def test_a_new_key_that_nobody_vouched_for_is_refused(notary: Notary) -> None:
    await notary.begin()
    trust = await notary.trust()
    notary.desk.clock.forward(hours=1)
    await notary.signer.rotate()
    stored = notary.signer._directory / "ring.json"
    ring = json.loads(stored.read_text())
    ring["keys"][1]["endorsement"] = "00" * 64
    stored.write_text(json.dumps(ring))
    found = refused(await notary.bundle(), trust)
    assert "is not endorsed by the key before it" in found.reason


async def test_a_revoked_key_is_believed_for_what_it_signed_before_and_not_after(
    notary: Notary,
) -> None:
    await notary.begin()
    trust = await notary.trust()
    notary.desk.clock.forward(hours=1)
    second = (await notary.signer.rotate()).keys[1].id
    early = await notary.bundle()
    notary.desk.clock.forward(hours=2)
    late = await notary.bundle()
    notary.desk.clock.forward(hours=1)
    await notary.signer.rotate()
    since = notary.desk.clock.now() - timedelta(hours=2)
    ring = await notary.signer.revoke(second, since, "stolen laptop")
    told = read_trust(json.dumps(ring_data(ring)))
    assert isinstance(verify_bundle(early, told), Verified)
    found = refused(late, told)
    assert "is not trusted since" in found.reason
    assert "stolen laptop" in found.reason
    assert isinstance(verify_bundle(late, trust), Verified), (
        "whoever has the root alone cannot know"
    )


async def test_a_stolen_root_leaves_what_it_signed_before_and_vouches_for_nothing_after(
    notary: Notary,
) -> None:
    await notary.begin()
    old = await notary.bundle()
    notary.desk.clock.forward(hours=2)
    ring = await notary.signer.rotate()
    new = await notary.bundle()
    since = notary.desk.clock.now() - timedelta(hours=1)
    told = read_trust(
        json.dumps(ring_data(await notary.signer.revoke(ring.keys[0].id, since, "stolen")))
    )
    assert isinstance(verify_bundle(old, told), Verified)
    assert "endorsed by a key that was not trusted any more" in refused(new, told).reason


async def test_a_bundle_dated_after_its_key_had_expired_is_refused(notary: Notary) -> None:
    await notary.begin()
    bundle, trust = await notary.bundle(), await notary.trust()
    dated = (notary.desk.clock.now() + timedelta(days=11)).isoformat()
    lines = bundle.splitlines()
    last = json.loads(base64.b64decode(json.loads(lines[-1])["payload"]))
    last["predicate"]["signed_at"] = dated
    envelope = await notary.signer.envelope(of.canonical(last), of.PAYLOAD_TYPE)
    found = refused(b"\n".join([*lines[:-1], envelope.encode(), b""]), trust)
    assert found.line == len(lines)
    assert "is valid from" in found.reason


async def test_keys_that_are_not_those_of_the_ring_one_trusts_are_refused(
    notary: Notary,
) -> None:
    await notary.begin()
    notary.desk.clock.forward(hours=1)
    first = await notary.signer.ring()
    await notary.signer.rotate()
    bundle = await notary.bundle()
    stored = notary.signer._directory / "ring.json"
    stored.write_text(json.dumps(ring_data(first)))
    notary.desk.clock.forward(hours=1)
    other = await notary.signer.rotate()
    found = refused(bundle, Trust(first.keys[0].id, other))
    assert "not those of the ring that you trust" in found.reason


def change_digest(predicate: dict) -> None:
    predicate["evidence"][0]["digest"]["sha256"] = "ab" * 32


def drop_test(predicate: dict) -> None:
    predicate["evidence"].pop(0)


def better_answer(predicate: dict) -> None:
    predicate["decision"]["answer"] = "go"


def other_entry(predicate: dict) -> None:
    predicate["entries"][2]["data"] = {"reason": "all is well"}


def later_head(predicate: dict) -> None:
    predicate["head"]["sequence"] = 3


def better_outcome(predicate: dict) -> None:
    predicate["outcome"] = "released"


def better_result(predicate: dict) -> None:
    predicate["result"] = "PASSED"


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("urn:gonogo:evidence:v1", change_digest, "does not have the digest that papers name"),
        ("urn:gonogo:evidence:v1", drop_test, "does not have the digest that papers name"),
        ("urn:gonogo:decision:v1", better_answer, "is not that of its audit entry"),
        ("urn:gonogo:audit:v1", other_entry, "its digest is not that of its content"),
        ("urn:gonogo:audit:v1", later_head, "comes after the head of the chain"),
        ("urn:gonogo:rollout:v1", better_outcome, "not that of the last line"),
        (
            "https://in-toto.io/attestation/test-result/v0.1",
            better_result,
            "does not follow from the report's counts",
        ),
    ],
)
async def test_statements_that_do_not_fit_together_are_refused_even_when_the_desk_signed_them(
    notary: Notary, kind: str, change: object, reason: str
) -> None:
    await notary.whole_way()
    forged = await signed_again(notary, await notary.bundle(), {kind: change})
    assert reason in refused(forged, await notary.trust()).reason


async def test_statements_about_different_subjects_are_refused(notary: Notary) -> None:
    await notary.begin()
    lines = (await notary.bundle()).splitlines()
    said = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in lines]
    said[0]["subject"][0]["digest"]["gitCommit"] = "9" * 40
    said[-1]["predicate"]["statements"][0]["sha256"] = of.digest(of.canonical(said[0]))
    for place in (0, -1):
        envelope = await notary.signer.envelope(of.canonical(said[place]), of.PAYLOAD_TYPE)
        lines[place] = envelope.encode()
    found = refused(b"\n".join([*lines, b""]), await notary.trust())
    assert (found.line, found.reason) == (1, "its subject is not that of the last line")


async def test_a_last_line_that_names_another_version_than_its_subject_is_refused(
    notary: Notary,
) -> None:
    await notary.begin()
    lines = (await notary.bundle()).splitlines()
    last = json.loads(base64.b64decode(json.loads(lines[-1])["payload"]))
    last["predicate"]["version"] = "v9.9.9"
    envelope = await notary.signer.envelope(of.canonical(last), of.PAYLOAD_TYPE)
    found = refused(b"\n".join([*lines[:-1], envelope.encode(), b""]), await notary.trust())
    assert (found.line, found.reason) == (
        len(lines),
        "its subject is not the version that it names",
    )


@pytest.mark.parametrize("place", ["signed_at", "valid_until", "since"])
async def test_a_time_at_the_edge_of_the_calendar_is_refused_with_a_sentence(
    notary: Notary, place: str
) -> None:
    await notary.begin()
    bundle = await notary.bundle()
    edge = "0001-01-01T00:00:00+14:00"
    said = json.loads(base64.b64decode(json.loads(bundle.splitlines()[-1])["payload"]))
    ring, found = said["predicate"]["keys"], said["predicate"]
    first = ring["keys"][0]["id"]
    told = {"key": first, "reason": "", "signed_by": first, "signature": "00" * 64}
    if place == "since":
        ring["revocations"].append({**told, "since": edge})
    else:
        (found if place == "signed_at" else ring["keys"][0])[place] = edge
    last = await notary.signer.envelope(of.canonical(said), of.PAYLOAD_TYPE)
    lines = [*bundle.splitlines()[:-1], last.encode()]
    assert refused(b"\n".join(lines) + b"\n", await notary.trust()).reason


async def test_a_signature_of_somebody_else_under_the_right_name_is_refused(
    notary: Notary, small: tuple[bytes, Trust]
) -> None:
    await notary.begin()
    lines = (await notary.bundle()).splitlines()
    other = json.loads(small[0].splitlines()[0])
    own = json.loads(lines[0])
    own["signatures"][0]["sig"] = other["signatures"][0]["sig"]
    lines[0] = json.dumps(own, separators=(",", ":")).encode()
    found = refused(b"\n".join([*lines, b""]), await notary.trust())
    assert (found.line, found.reason) == (1, "its signature does not hold")


async def test_the_key_is_read_in_every_form_that_a_desk_gives_it_in(notary: Notary) -> None:
    await notary.begin()
    bundle = await notary.bundle()
    ring: KeyRing = await notary.signer.ring()
    root = ring.keys[0]
    forms = (
        pem_of(root.public),
        root.public,
        root.public.upper(),
        root.fingerprint,
        json.dumps(ring_data(ring)),
        f"\n {root.public}\n",
    )
    for form in forms:
        assert isinstance(verify_bundle(bundle, read_trust(form)), Verified), form[:20]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key",
        "ab" * 31,
        "SHA256:xy",
        "{}",
        '{"keys": [], "revocations": []}',
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        "{" * 100_000,
    ],
)
def test_what_is_no_key_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(InvalidInput, match="this is no key to trust"):
        read_trust(text)


def test_a_key_of_another_kind_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = generate_private_key(SECP256R1()).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(InvalidInput, match="not an Ed25519 key"):
        read_trust(pem)


async def test_checking_a_bundle_loads_no_database_no_server_and_no_network_client(
    notary: Notary, tmp_path: Path
) -> None:
    await notary.whole_way()
    file = tmp_path / "bundle.jsonl"
    file.write_bytes(await notary.bundle())
    root = (await notary.signer.ring()).keys[0].public
    program = (
        "import sys, pathlib\n"
        "from gonogo.usecases.bundling.envelopes import read_trust\n"
        "from gonogo.usecases.bundling.verify import verify_bundle\n"
        "found = verify_bundle(pathlib.Path(sys.argv[1]).read_bytes(), read_trust(sys.argv[2]))\n"
        "heavy = {'sqlalchemy', 'fastapi', 'httpx2', 'pydantic', 'numpy', 'uvicorn'}\n"
        "ours = ('gonogo.storage', 'gonogo.adapters', 'gonogo.controllers', 'gonogo.wiring')\n"
        "loaded = [m for m in sys.modules if m in heavy or m.startswith(ours)]\n"
        "print(type(found).__name__, loaded)\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, str(file), root],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "Verified []\n"
