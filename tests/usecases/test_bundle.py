"""What a bundle says of a release, and what it keeps to itself."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.bundles import Notary, a_notary

from gonogo.usecases.verify_bundle import Refused, Verified, verify_bundle


@pytest.fixture
async def notary(tmp_path: Path) -> AsyncIterator[Notary]:
    async with a_notary(tmp_path) as made:
        yield made


def statements(bundle: bytes) -> list[dict]:
    return [
        json.loads(base64.b64decode(json.loads(line)["payload"])) for line in bundle.splitlines()
    ]


def predicate(bundle: bytes, kind: str) -> dict:
    return next(
        each["predicate"]
        for each in statements(bundle)
        if each["predicateType"] == f"urn:gonogo:{kind}:v1"
    )


async def test_the_whole_way_of_a_release_is_signed_and_holds(notary: Notary) -> None:
    release = await notary.whole_way()
    found = verify_bundle(await notary.bundle(), await notary.trust())
    assert isinstance(found, Verified), found
    assert (found.service, found.version, found.outcome) == ("shop", "v1.2.0", "rolled_back")
    assert found.commit == release.commit
    assert any("signed off by quinn (qa), olga" not in said for said in found.proven)
