"""What every use case is given."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Rates
from gonogo.ports.checkup import Checkup
from gonogo.ports.clock import Clock
from gonogo.ports.controllers import Controllers
from gonogo.ports.deployer import Deployer
from gonogo.ports.dossiers import Dossiers
from gonogo.ports.history import History
from gonogo.ports.limiter import Limiter
from gonogo.ports.notices import Notices
from gonogo.ports.passwords import PasswordHasher
from gonogo.ports.router import Router
from gonogo.ports.signer import Signer
from gonogo.ports.source import Source
from gonogo.ports.store import Store
from gonogo.ports.throttle import Throttle, Unlimited
from gonogo.usecases.command_policy import CommandPolicy
from gonogo.usecases.failed_sign_ins import FailedSignIns
from gonogo.usecases.openid_policy import OpenId
from gonogo.usecases.pulse import Pulse


@dataclass(frozen=True, slots=True)
class Context:
    """The ports a use case reaches. `wake` tells the desk that something was stored for a release.

    Without `history` nothing is told of commits; without `dossiers` gates see filed papers only;
    without `signer` nothing is signed; without `notices` nobody is told of what is stored;
    without `controllers` nothing is known of a desk's tasks; without
    `passwords` nobody signs in with one, without `openid` nobody by an account elsewhere; without
    `limiter` nobody's requests are counted; `own_limiter` counts for this desk alone, where others share the
    `limiter`. `trying` counts, by network, the passwords that are being
    looked at. `people_turn` is held by whoever reads people, their links or tokens and writes them back, so
    that what two do at once is done one after the other. `checking` holds checks under way that others
    may wait for as well. `site` is where this desk's routers are, where several desks share the store.
    """

    store: Store
    source: Source
    deployer: Deployer
    router: Router
    clock: Clock
    new_id: Callable[[], str]
    wake: Callable[[str], None]
    checkups: tuple[Checkup, ...] = ()
    history: History | None = None
    dossiers: Dossiers | None = None
    signer: Signer | None = None
    limiter: Limiter | None = None
    own_limiter: Limiter | None = None
    rates: Rates = field(default_factory=Rates)
    passwords: PasswordHasher | None = None
    openid: OpenId | None = None
    trying: Counter[str] = field(default_factory=Counter)
    people_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    checking: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    throttle: Throttle = field(default_factory=Unlimited)
    failed_sign_ins: FailedSignIns = field(default_factory=FailedSignIns)
    commands: CommandPolicy = field(default_factory=CommandPolicy)
    pulse: Pulse = field(default_factory=Pulse)
    notices: Notices | None = None
    controllers: Controllers | None = None
    site: str | None = None


def signer_of(context: Context) -> Signer:
    """Whoever signs for the desk. Raises Unavailable when nobody does."""
    if context.signer is None:
        raise Unavailable("this desk has no keys to sign with")
    return context.signer
