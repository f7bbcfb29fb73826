"""A small OpenID provider: a real HTTP server on loopback that signs real tokens."""

import json
import secrets
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

CLIENT, SECRET = "gonogo", "pass:word with + marks"
Json = dict[str, Any]


@dataclass
class Account:
    """Who is signed in at the provider, and what it tells of them."""

    subject: str = "248289761001"
    claims: Json = field(
        default_factory=lambda: {"email": "quinn@example.invalid", "email_verified": True}
    )


@dataclass
class Provider:
    """`change` alters the claims of the next token, `sign` signs it some other way. `described` adds to
    what the provider says of itself. `asked` are the paths that were asked for."""

    now: Callable[[], float] = time.time
    account: Account = field(default_factory=Account)
    key: ECKey = field(default_factory=lambda: new_key())
    change: Callable[[Json], None] = lambda _: None
    sign: Callable[["Provider", Json], str] | None = None
    described: Json = field(default_factory=dict)
    in_userinfo: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, address: str) -> str:
        """What the person's browser does at the page: says yes, and is sent back to this address."""
        parts = urlsplit(address)
        assert parts.path == "/authorize"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}&iss={self.issuer}"

    def describe(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            **self.described,
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Json]:
        """A token for a code, once, for whoever began and nobody else."""
        pair = b64decode(authorization.removeprefix("Basic ")).decode()
        asked = self._codes.pop(form.get("code", ""), None)
        challenge = sha256(form.get("code_verifier", "").encode()).digest()
        good = (
            tuple(unquote(part) for part in pair.split(":")) == (CLIENT, SECRET)
            and asked is not None
            and asked["redirect_uri"] == form.get("redirect_uri")
            and asked["code_challenge"] == urlsafe_b64encode(challenge).rstrip(b"=").decode()
        )
        if not good or asked is None:
            return 400, {"error": "invalid_grant"}
        claims = self.claims(asked["nonce"])
        self.change(claims)
        signed = (self.sign or signed_by_key)(self, claims)
        return 200, {"id_token": signed, "access_token": "access", "token_type": "Bearer"}

    def claims(self, nonce: str) -> Json:
        now = int(self.now())
        told = {} if self.in_userinfo else self.account.claims
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.account.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **told,
        }


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def signed_by_key(provider: Provider, claims: Json) -> str:
    return jwt.encode({"alg": "ES256", "kid": provider.key.kid}, claims, provider.key)


def signed_by_another_key(provider: Provider, claims: Json) -> str:
    return jwt.encode({"alg": "ES256", "kid": provider.key.kid}, claims, new_key())


def unsigned(_: Provider, claims: Json) -> str:
    parts = ({"alg": "none"}, claims)
    head, body = (urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return f"{head.decode()}.{body.decode()}."


def signed_by_public_key_as_secret(provider: Provider, claims: Json) -> str:
    """The old trick: HMAC with the public key, which everybody has."""
    secret = OctKey.import_key(json.dumps(provider.key.as_dict(private=False)).encode())
    return jwt.encode({"alg": "HS256", "kid": provider.key.kid}, claims, secret)


@contextmanager
def a_provider(**options: Any) -> Iterator[Provider]:
    provider = Provider(**options)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            if path == "/.well-known/openid-configuration":
                self.answer(200, provider.describe())
            elif path == "/jwks":
                self.answer(200, {"keys": [provider.key.as_dict(private=False)]})
            elif path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
                account = provider.account
                self.answer(200, {"sub": account.subject, **account.claims})
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            length = int(self.headers["Content-Length"])
            form = parse_qs(self.rfile.read(length).decode())
            given = {name: values[0] for name, values in form.items()}
            self.answer(*provider.token(given, self.headers.get("Authorization", "")))

        def answer(self, status: int, content: Json) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
