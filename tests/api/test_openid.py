"""Signing in by an account elsewhere, against a real provider on loopback."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.api.conftest import OWNERS_TOKEN, House
from tests.openid_provider import (
    CLIENT,
    SECRET,
    Provider,
    a_provider,
    new_key,
    signed_by_another_key,
    signed_by_public_key_as_secret,
    unsigned,
)
from tests.papers import OWNER, Desk, a_desk

from gonogo.adapters.openid import OpenIdProvider
from gonogo.api.application import build_application
from gonogo.domain.actor import Role
from gonogo.usecases.access import openid, people
from gonogo.usecases.openid_policy import OpenId, OpenIdPolicy

COOKIE = "gonogo_session_8460"
START = "/api/v1/sign-in/openid"


class Signing:
    """A browser, the desk, the provider, and the hand that moves our clock for the adapter."""

    def __init__(self, desk: Desk, provider: Provider) -> None:
        self.desk, self.provider, self.seconds = desk, provider, 0.0
        spoken_to = OpenIdProvider(provider.issuer, CLIENT, lambda: SECRET, lambda: self.seconds)
        self.policy = OpenIdPolicy(provider.issuer, CLIENT)
        self.spoken_to = spoken_to
        self.client = self.restart()

    def restart(self, **policy: Any) -> httpx2.AsyncClient:
        """The desk's application anew, with this policy."""
        self.policy = replace(self.policy, **policy)
        context = replace(self.desk.context, openid=OpenId(self.spoken_to, self.policy))
        application = build_application(context, OWNER, OWNERS_TOKEN, lambda: None)
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=application), base_url="http://127.0.0.1:8460"
        )
        return self.client

    async def begin(self, wanted: str = "/board") -> str:
        """The address at the provider."""
        answer = await self.client.get(START, params={"next": wanted})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def back(self, address: str) -> str:
        """Where the browser is led when it comes back by this address."""
        answer = await self.client.get(address)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def sign_in(self, wanted: str = "/board") -> str:
        return await self.back(self.provider.authorize(await self.begin(wanted)))

    async def name(self) -> str | None:
        answer = await self.client.get("/api/v1/whoami")
        return answer.json()["name"] if answer.is_success else None

    async def known(self, name: str, role: Role, *emails: str) -> None:
        await people.add_person(self.desk.context, OWNER, name=name, roles=[role], emails=emails)


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture
async def signing(running: Provider) -> AsyncIterator[Signing]:
    fresh = Provider()
    for name in ("account", "change", "sign", "described", "in_userinfo"):
        setattr(running, name, getattr(fresh, name))
    running.asked.clear()
    async with a_desk() as desk:
        running.now = lambda: desk.clock.now().timestamp()
        yield Signing(desk, running)


async def test_a_verified_address_of_somebody_known_signs_them_in_and_leads_on(
    signing: Signing,
) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    assert await signing.sign_in("/releases/x?tab=why") == "/releases/x?tab=why"
    assert await signing.name() == "Quinn"


@pytest.mark.slow
async def test_once_linked_an_account_stays_somebodys_whatever_address_it_has(
    signing: Signing,
) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    await signing.sign_in()
    signing.provider.account.claims = {"email": "other@example.invalid", "email_verified": False}
    assert await signing.sign_in() == "/board"
    assert await signing.name() == "Quinn"


@pytest.mark.slow
async def test_another_account_with_somebodys_address_is_not_theirs(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    await signing.sign_in()
    signing.client.cookies.clear()
    signing.provider.account.subject = "another"
    assert await signing.sign_in() == "/sign-in?refused=unknown"
    assert await signing.name() is None
    await openid.unlink(signing.desk.context, OWNER, name="Quinn")
    assert await signing.sign_in() == "/board"


@pytest.mark.slow
async def test_an_address_that_is_not_verified_or_not_known_signs_nobody_in(
    signing: Signing,
) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    for claims in (
        {"email": "quinn@example.invalid"},
        {"email": "quinn@example.invalid", "email_verified": False},
        {"email": "quinn@example.invalid", "email_verified": "true"},
        {"email_verified": True},
        {"email": "nobody@example.invalid", "email_verified": True},
    ):
        signing.provider.account.claims = claims
        assert await signing.sign_in() == "/sign-in?refused=unknown"
        assert await signing.name() is None


@pytest.mark.slow
async def test_an_address_of_a_domain_that_does_not_count_signs_nobody_in(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    signing.restart(domains=frozenset({"corp.invalid"}))
    assert await signing.sign_in() == "/sign-in?refused=unknown"


async def test_a_claim_gives_only_the_roles_that_are_named_and_follows_at_each_sign_in(
    signing: Signing,
) -> None:
    mapping = {"testers": Role.QA, "ops": Role.DEVOPS}
    signing.restart(role_claim="groups", roles=mapping, create=True)
    account = signing.provider.account.claims
    account |= {"name": "Quinn Q", "groups": ["admin", "admins"]}
    assert await signing.sign_in() == "/sign-in?refused=roles"
    assert await signing.desk.store.people() == ()
    account["groups"] = ["ops", "unheard of"]
    assert await signing.sign_in() == "/board"
    who = (await signing.client.get("/api/v1/whoami")).json()
    assert (who["name"], who["roles"]) == ("Quinn Q", ["devops"])
    account["groups"] = "testers"
    await signing.sign_in()
    assert (await signing.client.get("/api/v1/whoami")).json()["roles"] == ["qa"]
    account["groups"] = []
    assert await signing.sign_in() == "/sign-in?refused=roles"
    assert await signing.name() is None
    assert (await signing.desk.store.people())[
        0
    ].roles == ()  # so that no token of theirs may anything


@pytest.mark.slow
async def test_roles_that_an_admin_gave_are_not_the_providers_to_change(signing: Signing) -> None:
    await signing.known("Quinn", Role.ADMIN, "quinn@example.invalid")
    signing.restart(role_claim="groups", roles={"testers": Role.QA})
    signing.provider.account.claims["groups"] = ["testers"]
    await signing.sign_in()
    assert (await signing.client.get("/api/v1/whoami")).json()["roles"] == ["admin"]


@pytest.mark.slow
async def test_claims_that_only_the_providers_other_page_tells_count_too(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    signing.provider.in_userinfo = True
    assert await signing.sign_in() == "/board"


def said(**claims: Any) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update(claims)


def later(name: str, seconds: int) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update({name: found[name] + seconds})


HOSTILE: dict[str, dict[str, Any]] = {
    "another nonce": {"change": said(nonce="x" * 43)},
    "no nonce": {"change": lambda claims: claims.pop("nonce")},
    "expired": {"change": later("exp", -361)},
    "no expiry": {"change": lambda claims: claims.pop("exp")},
    "from the future": {"change": later("iat", 61)},
    "issued long ago": {"change": later("iat", -601)},
    "a time that is none": {"change": said(exp="tomorrow")},
    "not yet": {"change": said(nbf=4_000_000_000)},
    "for another application": {"change": said(aud="other")},
    "for several, given to another": {"change": said(aud=[CLIENT, "other"], azp="other")},
    "for several, given to nobody": {"change": said(aud=[CLIENT, "other"])},
    "of another issuer": {"change": said(iss="https://evil.invalid")},
    "of nobody": {"change": said(sub="")},
    "of a subject that is no name": {"change": said(sub=17)},
    "signed by nothing": {"sign": unsigned},
    "signed by another key": {"sign": signed_by_another_key},
    "signed by the public key as a secret": {"sign": signed_by_public_key_as_secret},
    "no token": {"sign": lambda *_: "x.y"},
}


async def test_a_token_that_is_not_the_providers_for_us_and_now_signs_nobody_in(
    signing: Signing,
) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    let_in = []
    for what, hostile in HOSTILE.items():
        signing.provider.change = hostile.get("change", lambda _: None)
        signing.provider.sign = hostile.get("sign")
        place = await signing.sign_in()
        refused = place in {"/sign-in?refused=identity", "/sign-in?refused=provider"}
        if not refused or await signing.name() is not None:
            let_in.append((what, place))
        signing.desk.clock.forward(minutes=5)
    assert let_in == []


@pytest.mark.slow
async def test_a_clock_that_is_half_a_minute_off_is_no_reason_to_refuse(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    for change in (later("iat", 30), later("exp", -330)):
        signing.provider.change = change
        assert await signing.sign_in() == "/board"


async def test_a_return_is_good_once(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    address = await signing.begin()
    kept = dict(signing.client.cookies)
    first, second = (signing.provider.authorize(address) for _ in range(2))
    assert await signing.back(first) == "/board"
    signing.client.cookies.clear()
    signing.client.cookies.update(kept)
    assert await signing.back(second) == "/sign-in?refused=flow"
    assert await signing.name() is None


@pytest.mark.slow
async def test_a_return_is_good_in_the_browser_that_went_only(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    of_another = signing.provider.authorize(await signing.begin())
    signing.client.cookies.clear()
    assert await signing.back(of_another) == "/sign-in?refused=flow"
    await signing.begin()
    assert await signing.back(of_another) == "/sign-in?refused=flow"


@pytest.mark.slow
async def test_who_comes_back_after_ten_minutes_has_to_begin_again(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    address = await signing.begin()
    signing.desk.clock.forward(minutes=10)
    assert await signing.back(signing.provider.authorize(address)) == "/sign-in?refused=flow"


@pytest.mark.slow
async def test_a_return_that_says_no_or_is_of_another_provider_signs_nobody_in(
    signing: Signing,
) -> None:
    for wrong, why in (("error=access_denied", "denied"), ("iss=https://evil.invalid", "identity")):
        address = signing.provider.authorize(await signing.begin()).partition("&iss=")[0]
        assert await signing.back(f"{address}&{wrong}") == f"/sign-in?refused={why}"


@pytest.mark.slow
async def test_a_key_that_the_provider_changed_is_fetched_again_but_not_all_the_time(
    signing: Signing,
) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    await signing.sign_in()
    signing.provider.key = new_key()
    signing.seconds += 31
    assert await signing.sign_in() == "/board"
    assert signing.provider.asked.count("/jwks") == 2
    signing.provider.sign = signed_by_unknown
    for _ in range(3):
        assert await signing.sign_in() == "/sign-in?refused=provider"
    assert signing.provider.asked.count("/jwks") == 2


def signed_by_unknown(provider: Provider, claims: dict[str, Any]) -> str:
    return signed_by_another_key(replace(provider, key=new_key()), claims)


@pytest.mark.slow
async def test_nobody_is_led_to_another_site_after_signing_in(signing: Signing) -> None:
    await signing.known("Quinn", Role.QA, "quinn@example.invalid")
    for wanted in ("//evil.invalid", "https://evil.invalid", "/\\evil.invalid", "/\t/evil", "x"):
        assert await signing.sign_in(wanted) == "/"


@pytest.mark.slow
async def test_a_provider_that_is_called_something_else_is_not_believed(signing: Signing) -> None:
    signing.provider.described = {"issuer": "https://evil.invalid"}
    answer = await signing.client.get(START)
    assert answer.status_code == 503
    assert "evil" not in answer.text


@pytest.mark.slow
async def test_a_provider_that_would_be_spoken_to_in_the_open_is_not_spoken_to(
    signing: Signing,
) -> None:
    signing.provider.described = {"token_endpoint": "http://elsewhere.invalid/token"}
    assert await signing.sign_in() == "/sign-in?refused=provider"


@pytest.mark.slow
async def test_the_way_out_names_no_secret_of_the_desk(signing: Signing) -> None:
    address = await signing.begin()
    kept = next(iter(dict(signing.client.cookies).values()))
    assert kept not in address
    assert SECRET not in address
    assert urlsplit(address).netloc == f"127.0.0.1:{signing.provider.port}"


async def test_a_desk_without_a_provider_says_so(house: House) -> None:
    answer = await house.client.get(START)
    assert (answer.status_code, answer.json()["title"]) == (
        404,
        "this desk knows no identity provider",
    )
    assert (await house.client.get("/api/v1/sign-in")).json() == {
        "password": True,
        "openid": False,
    }
