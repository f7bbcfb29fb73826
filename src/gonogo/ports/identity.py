"""People's accounts elsewhere: one OpenID provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sign-in at the provider is begun with. `challenge` is the S256 one of PKCE."""

    state: str
    nonce: str
    challenge: str
    return_to: str


class IdentityProvider(Protocol):
    """Where people are sent to say who they are, and what it tells of them afterwards."""

    async def address(self, asked: Asked) -> str:
        """The address of the provider's page. Raises Unavailable when the provider does not answer."""
        ...

    async def redeem(self, code: str, verifier: str, return_to: str) -> Mapping[str, Any]:
        """The claims that the provider signed for this code. Their signature holds; what they say is for
        the caller to check.

        Raises NotAllowed for a code that is not taken or a token that is not the provider's, Unavailable
        when it does not answer.
        """
        ...
