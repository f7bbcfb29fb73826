"""An OpenID provider, spoken to over HTTP: discovery, the code for a token, and the token's signature.

The provider's description is believed only where it names itself as we named it, and every address
in it has to be https (plain http is for a provider on this machine). Keys are fetched again when a token
names one that is not known, at most once in half a minute, so that a provider may change its keys and
nobody can have us ask it all the time. Only signatures with a private key count: a token that is
signed with nothing, or with a secret that a client could know, is refused.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from gonogo.domain.errors import NotAllowed, Unavailable
from gonogo.ports.identity import Asked

if TYPE_CHECKING:
    import ssl

    import httpx2
    from joserfc.jwk import KeySet

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_SCOPES = "openid email profile"
_PATIENCE = 5.0
_LONGEST_ANSWER = 1 << 20
_DESCRIPTION_GOOD_FOR = 3600.0
_KEYS_ASKED_EVERY = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Json = Mapping[str, Any]


class OpenIdProvider:
    """`gonogo.ports.identity.IdentityProvider`. `secret` gives the client's, or None for a public client;
    it is asked each time, so that it may change in its file."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: Callable[[], str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._monotonic = monotonic
        self._description: tuple[float, Json] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._authorities: ssl.SSLContext | None = None

    async def address(self, asked: Asked) -> str:
        """See the port."""
        page = _address(await self._described(), "authorization_endpoint")
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._client_id,
                "redirect_uri": asked.return_to,
                "scope": _SCOPES,
                "state": asked.state,
                "nonce": asked.nonce,
                "code_challenge": asked.challenge,
                "code_challenge_method": "S256",
            }
        )
        return f"{page}{'&' if urlsplit(page).query else '?'}{query}"

    async def redeem(self, code: str, verifier: str, return_to: str) -> Mapping[str, Any]:
        """See the port."""
        described = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": return_to,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        headers = self._authenticated(described, form)
        token = _address(described, "token_endpoint")
        answer = await self._ask("POST", token, data=form, headers=headers)
        signed = answer.get("id_token")
        if not isinstance(signed, str):
            raise NotAllowed("the identity provider sent no identity")
        claims = await self._verified(described, signed)
        return await self._completed(described, claims, answer.get("access_token"))

    def _authenticated(self, described: Json, form: dict[str, str]) -> dict[str, str]:
        """The client's proof of itself: in a header, or in the form where only that is taken."""
        secret = self._secret()
        if secret is None:
            return {}
        methods = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in methods and "client_secret_post" in methods:
            form["client_secret"] = secret
            return {}
        from base64 import b64encode

        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(self._client_id, safe='')}:{quote(secret, safe='')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    async def _completed(self, described: Json, claims: Json, access: object) -> Json:
        """The claims, with what some providers tell of a person only when asked again."""
        if "email" in claims or not isinstance(access, str):
            return claims
        if "userinfo_endpoint" not in described:
            return claims
        asked = _address(described, "userinfo_endpoint")
        more = await self._ask("GET", asked, headers={"Authorization": f"Bearer {access}"})
        if more.get("sub") != claims.get("sub"):
            raise NotAllowed("the identity provider spoke of two different people")
        return {**more, **claims}

    async def _verified(self, described: Json, signed: str) -> Json:
        from joserfc import jws, jwt
        from joserfc.errors import JoseError

        taken = [
            name
            for name in described.get("id_token_signing_alg_values_supported") or ["RS256"]
            if name in ALGORITHMS
        ]
        try:
            kid = jws.extract_compact(signed.encode()).headers().get("kid")
            keys = await self._known_keys(described, kid)
            registry = jws.JWSRegistry(algorithms=taken)
            return jwt.decode(signed, keys, registry=registry).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotAllowed(
                f"the identity provider's token does not hold ({type(error).__name__})"
            ) from error

    async def _known_keys(self, described: Json, kid: object) -> "KeySet":
        from joserfc.jwk import KeySet

        now = self._monotonic()
        if self._keys is not None:
            asked_at, keys = self._keys
            known = kid is None or any(key.kid == kid for key in keys.keys)
            if (known and now < asked_at + _DESCRIPTION_GOOD_FOR) or (
                not known and now < asked_at + _KEYS_ASKED_EVERY
            ):
                return keys
        found = await self._ask("GET", _address(described, "jwks_uri"))
        usable = [key for key in found.get("keys") or () if _signs(key)]
        keys = KeySet.import_key_set({"keys": usable})
        self._keys = (now, keys)
        return keys

    async def _described(self) -> Json:
        now = self._monotonic()
        if self._description is not None and now < self._description[0] + _DESCRIPTION_GOOD_FOR:
            return self._description[1]
        place = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await self._ask("GET", _checked(place, "GONOGO_OIDC_ISSUER"))
        if found.get("issuer") != self._issuer:
            raise Unavailable(
                f"the identity provider at {self._issuer} calls itself something else",
                hint="set GONOGO_OIDC_ISSUER to the issuer that its description names",
            )
        self._description = (now, found)
        return found

    async def _ask(self, method: str, url: str, **options: Any) -> Json:  # noqa: ANN401
        import httpx2

        try:
            async with (
                httpx2.AsyncClient(
                    timeout=_PATIENCE, trust_env=False, verify=self._trusted()
                ) as client,
                client.stream(method, url, **options) as response,
            ):
                body = await _bounded(response)
                if response.is_success:
                    return _object(body)
        except httpx2.HTTPError as error:
            raise Unavailable(
                f"the identity provider {self._issuer} does not answer ({type(error).__name__})"
            ) from error
        if method == "POST" and response.status_code in {400, 401}:
            raise NotAllowed("the identity provider did not take the code that it gave")
        raise Unavailable(f"the identity provider {self._issuer} answered {response.status_code}")

    def _trusted(self) -> "ssl.SSLContext":
        """The authorities that count (SSL_CERT_FILE adds a company's own), read once: that takes time."""
        import httpx2

        if self._authorities is None:
            self._authorities = httpx2.create_ssl_context()
        return self._authorities


async def _bounded(response: "httpx2.Response") -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _LONGEST_ANSWER:
            raise Unavailable("the identity provider's answer is longer than 1 MiB")
    return body


def _object(body: bytes) -> Json:
    import json

    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable("the identity provider's answer cannot be read")
    return found


def _address(described: Json, name: str) -> str:
    found = described.get(name)
    if not isinstance(found, str):
        raise Unavailable(f"the identity provider does not say its {name}")
    return _checked(found, name)


def _checked(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return url
    raise Unavailable(f"the identity provider's {name} is not an https address")


def _signs(key: object) -> bool:
    """Whether a key of the provider is one that checks signatures; a shared secret is none."""
    return isinstance(key, dict) and key.get("kty") != "oct" and key.get("use", "sig") == "sig"
