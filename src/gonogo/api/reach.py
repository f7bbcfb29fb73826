"""By which address the desk is reached, and which pages may speak to it.

The desk answers to this machine's own names and, where it has one, to its public address. A request
that a browser sends from another page is refused, whatever it carries: by its Origin, which has to be
the address that was asked, and by Sec-Fetch-Site. Another port of the same machine is another page.

A name that an attacker points at this machine (DNS rebinding) is not among the names answered to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

Scope = Mapping[str, Any]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Reach:
    """`public_url` is scheme and host, with a port where it has one; None for a desk on loopback only."""

    public_url: str | None = None

    def answers_to(self, scope: Scope) -> bool:
        """Whether the request's Host is one of the desk's own."""
        host = header(scope, b"host") or ""
        return _hostname(host) in _LOOPBACK or self._is_public(host)

    def allows_origin(self, scope: Scope) -> bool:
        """Whether the page that sent the request, if a page did, is one of the desk's own."""
        origin = header(scope, b"origin")
        return origin is None or self._own_page(origin, header(scope, b"host") or "")

    def allows_site(self, scope: Scope) -> bool:
        """Whether a request that may change something was not sent by another site's page."""
        if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
            return True
        return header(scope, b"sec-fetch-site") not in {"cross-site", "same-site"}

    def secure(self, scope: Scope) -> bool:
        """Whether the browser reached the desk over TLS."""
        if scope.get("scheme") in {"https", "wss"}:
            return True
        public = self.public_url is not None and self.public_url.startswith("https:")
        return public and self._is_public(header(scope, b"host") or "")

    def base(self, scope: Scope) -> str:
        """The address to put before a path in a link for somebody else."""
        if self.public_url is not None:
            return self.public_url
        return f"{scope.get('scheme', 'http')}://{header(scope, b'host') or '127.0.0.1'}"

    def _is_public(self, host: str) -> bool:
        if self.public_url is None:
            return False
        public = urlsplit(self.public_url)
        return _plain(host, public.scheme) == _plain(public.netloc, public.scheme)

    def _own_page(self, origin: str, host: str) -> bool:
        page = _split(origin)
        if page is None or page.scheme not in _DEFAULT_PORTS:
            return False
        if self._is_public(host) and self.public_url is not None:
            if page.scheme != urlsplit(self.public_url).scheme:
                return False
        elif page.hostname is None or _hostname(page.netloc) not in _LOOPBACK:
            return False
        return _plain(page.netloc, page.scheme) == _plain(host, page.scheme)


def allowed_origin(scope: Scope) -> bool:
    """Whether a WebSocket may be opened: by one of the desk's own pages, or by no browser at all.

    Behind `gonogo.api.frontier.Frontier`, which has refused foreign pages already; this asks again,
    so that an endpoint does not depend on what stands before it.
    """
    reach: Reach = scope["state"].get("reach") or Reach()
    return reach.answers_to(scope) and reach.allows_origin(scope)


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name (lower case), or None."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _hostname(host: str) -> str:
    """A Host without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


def _plain(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ":"))


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
