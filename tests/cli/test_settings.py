"""What the environment says of the desk's process."""

from pathlib import Path

import pytest

from gonogo.settings import OpenIdSettings, read_settings

PROVIDER = {"GONOGO_OIDC_ISSUER": "https://id.invalid", "GONOGO_OIDC_CLIENT_ID": "gonogo"}


def test_a_public_address_trusted_proxies_and_services_with_commands_are_read() -> None:
    found = read_settings(
        {
            "GONOGO_PUBLIC_URL": "https://Desk.example.invalid/",
            "GONOGO_TRUSTED_PROXIES": "10.0.0.7, 10.1.0.0/16",
            "GONOGO_ALLOW_COMMANDS": "shop, bakery",
        }
    )
    assert found.public_url == "https://desk.example.invalid"
    assert found.trusted_proxies == ("10.0.0.7", "10.1.0.0/16")
    assert found.allow_commands == ("shop", "bakery")
    plain = read_settings({})
    assert (plain.public_url, plain.trusted_proxies, plain.allow_commands) == (None, (), None)
    said = [read_settings({"GONOGO_ALLOW_COMMANDS": each}).allow_commands for each in ("yes", "no")]
    assert said == [("*",), ()]


def test_an_identity_provider_is_read() -> None:
    found = read_settings(
        {
            **PROVIDER,
            "GONOGO_OIDC_CLIENT_SECRET_FILE": "/etc/gonogo/secret",
            "GONOGO_OIDC_EMAIL_DOMAINS": "Corp.invalid, other.invalid",
            "GONOGO_OIDC_ROLE_CLAIM": "groups",
            "GONOGO_OIDC_ROLES": "release=testers=qa, ops=devops",
            "GONOGO_OIDC_CREATE": "yes",
        }
    )
    assert found.openid == OpenIdSettings(
        issuer="https://id.invalid",
        client_id="gonogo",
        secret_file=Path("/etc/gonogo/secret"),
        domains=("corp.invalid", "other.invalid"),
        role_claim="groups",
        roles={"release=testers": "qa", "ops": "devops"},
        create=True,
    )
    assert read_settings({}).openid is None


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"GONOGO_PUBLIC_URL": "desk.example.invalid"}, "must be scheme and host"),
        ({"GONOGO_PUBLIC_URL": "https://desk.example.invalid/desk"}, "must be scheme and host"),
        ({"GONOGO_PUBLIC_URL": "https://me:secret@desk.invalid"}, "must be scheme and host"),
        ({"GONOGO_PUBLIC_URL": "https://desk.invalid:x"}, "is not an address"),
        ({"GONOGO_PUBLIC_URL": "http://desk.invalid"}, "would send passwords unprotected"),
        ({"GONOGO_TRUSTED_PROXIES": "proxy"}, '"proxy" is none'),
        ({"GONOGO_OIDC_CLIENT_ID": "gonogo"}, "GONOGO_OIDC_ISSUER must be set"),
        ({"GONOGO_OIDC_ISSUER": "https://id.invalid"}, "GONOGO_OIDC_CLIENT_ID must be set"),
        ({**PROVIDER, "GONOGO_OIDC_ROLES": "ops=devops"}, "go together"),
        ({**PROVIDER, "GONOGO_OIDC_ROLE_CLAIM": "g", "GONOGO_OIDC_ROLES": "ops"}, "value=role"),
        ({**PROVIDER, "GONOGO_OIDC_CREATE": "yes"}, "nobody has a role otherwise"),
        ({**PROVIDER, "GONOGO_OIDC_CREATE": "maybe"}, "must be yes or no"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_its_name(
    environ: dict[str, str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        read_settings(environ)


def test_a_postgresql_and_the_desks_name_are_read() -> None:
    url = "postgresql://gonogo@db.invalid/gonogo"
    found = read_settings({"GONOGO_DATABASE_URL": url, "GONOGO_DESK": "north"})
    assert (found.store_url, found.lock.name, found.address.name) == (
        url,
        "desk-north.lock",
        "desk-north.json",
    )
    plain = read_settings({"GONOGO_HOME": "/home/desk"})
    assert plain.store_url == "sqlite:////home/desk/desk.sqlite3"
    assert (plain.lock.name, plain.address.name) == ("desk.lock", "desk.json")


@pytest.mark.parametrize("url", ["mysql://root:hidden@db/x", "sqlite:///x", "db.invalid", "hidden"])
def test_another_database_is_refused_and_nothing_told_of_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="GONOGO_DATABASE_URL must be a PostgreSQL") as refused:
        read_settings({"GONOGO_DATABASE_URL": url})
    assert "root:" not in str(refused.value)


@pytest.mark.parametrize("name", ["a/b", "-x", "x" * 64, "two words"])
def test_a_name_that_no_desk_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="GONOGO_DESK must be"):
        read_settings({"GONOGO_DESK": name})


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"GONOGO_HOST": "everywhere"}, "GONOGO_HOST must be an IP address"),
        ({"GONOGO_HOST": "0.0.0.0"}, "say by which address they do so in GONOGO_PUBLIC_URL"),
        (
            {"GONOGO_HOST": "0.0.0.0", "GONOGO_PUBLIC_URL": "https://desk.invalid"},
            "without TLS",
        ),
        ({"GONOGO_TLS_KEY": "/nowhere"}, "go together"),
        (
            {"GONOGO_TLS_KEY": "/nowhere", "GONOGO_TLS_CERTIFICATE": "/nowhere"},
            "there is no such file",
        ),
        ({"GONOGO_LOG": "xml"}, "GONOGO_LOG must be text or json"),
    ],
)
def test_a_desk_that_others_could_reach_unsafely_is_refused(
    environ: dict[str, str], told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        read_settings(environ)


def test_a_desk_behind_a_proxy_may_listen_everywhere() -> None:
    environ = {"GONOGO_HOST": "0.0.0.0", "GONOGO_PUBLIC_URL": "https://desk.invalid"}
    assert read_settings({**environ, "GONOGO_TRUSTED_PROXIES": "10.0.0.7"}).host == "0.0.0.0"
