"""The identity provider of the settings, as the program puts it together."""

from pathlib import Path

import pytest

from gonogo.domain.actor import Role
from gonogo.domain.errors import InvalidInput
from gonogo.settings import OpenIdSettings
from gonogo.wiring.parts import openid_at


def told(**changes: object) -> OpenIdSettings:
    return OpenIdSettings(**{"issuer": "https://id.invalid", "client_id": "gonogo", **changes})  # type: ignore[arg-type]


def test_what_the_settings_say_is_the_policy() -> None:
    found = openid_at(told(domains=("corp.invalid",), role_claim="g", roles={"ops": "devops"}))
    assert found is not None
    assert found.policy.roles == {"ops": Role.DEVOPS}
    assert found.policy.domains == {"corp.invalid"}
    assert openid_at(None) is None


def test_a_role_that_is_none_or_a_secret_that_is_not_there_is_refused_at_the_start(
    tmp_path: Path,
) -> None:
    for role in ("boss", "owner", "desk"):
        with pytest.raises(InvalidInput, match=f'gives "ops" the role "{role}", which is none'):
            openid_at(told(role_claim="g", roles={"ops": role}))
    with pytest.raises(InvalidInput, match=r"CLIENT_SECRET_FILE .*missing cannot be read"):
        openid_at(told(secret_file=tmp_path / "missing"))
