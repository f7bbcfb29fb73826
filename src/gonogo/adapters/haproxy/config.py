"""What HAProxy is told when it starts, and what it writes about every request.

Why it looks the way it does:

- It is never reloaded for a release. Three neutral slots stand in two backends: `customers`, where
  weights divide the traffic, and `testers`, where requests with the tester's secret go. A slot that
  may not be reached is in maintenance in both, because weight 0 alone does not stop forced requests.
- The instance is drawn by a rule, not by the load balancing algorithm: HAProxy's random balancing
  draws a point on a hash ring, whose arcs only come near the weights, and it leaves no trace of whom
  a request was meant for once a retry has moved it. Here a random number is compared with the
  servers' own weights, so shares are exact, and the address drawn first is in the log line even
  where another instance saved the customer. Weights stay the one place where the split is set.
- One thread: log lines then leave in the order of their numbers, and the counters that are read over
  the runtime socket agree with them at any instant.
- Connections to versions are not kept. HAProxy answers a failure on a kept one by closing the
  customer's connection without a log line, which would hide a canary that dies after its first
  answer; and a version's own idle timeout would now and then look like a failure. On loopback a new
  connection costs some 50 µs.
- Health checks are observed and never act (`fall` is out of reach): taking a slot out by itself would
  move the split behind the judge's back. A dead baseline hurts nobody meanwhile, because a refused
  connection is sent to another slot at once whatever the method is, and so is a request of a
  repeatable method whose connection was closed. A POST that may have been acted upon is never sent twice.
- Requests of testers are never sent to another slot: a smoke test that passes says something about
  the version it was meant for.
- A customer who gives up is noticed at once (`abortonclose`), so that a version that hangs is seen
  when the first customer has had enough and not when the server timeout ends.
"""

import hashlib
import re
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gonogo.domain.errors import InvalidInput
from gonogo.domain.slot import SLOT_NAMES, Layout

SOCKET_FILE = "runtime.sock"
CONFIG_FILE = "haproxy.cfg"
PID_FILE = "haproxy.pid"
TESTERS_FILE = "testers.map"
ADDRESSES_FILE = "addresses.map"
RING = "requests"
NO_ADDRESS = (
    "127.0.0.1:1"  # HAProxy wants an address for every server; such a slot is in maintenance
)
NO_SLOT = "any"  # where the tester's secret leads while no slot takes testers: ordinary balancing
HEAVIEST = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

_FIELDS = (
    "%pid",
    "%lc",
    "%[var(txn.forced)]",
    "%[var(txn.address)]",
    "%si:%sp",
    "%ST",
    "%Tr",
    "%Ta",
    "%ts",
    "%rc",
    "%ci",
    "%HM",
    "%HPO",
)

_FIXED = """\
global
  description {description}
  nbthread 1
  maxconn {connections}
  noreuseport
  hard-stop-after 10s
  stats socket unix@{socket} mode 600 level admin expose-fd listeners
  stats maxconn 64
  stats timeout 24d

ring {ring}
  format raw
  maxlen 4096
  size {ring_bytes}

defaults
  mode http
  timeout client 75s
  timeout http-keep-alive 75s
  timeout http-request 10s
  timeout connect 2s
  timeout server 60s
  timeout queue 5s
  timeout tunnel 1h
  option http-server-close
  option abortonclose
  option dontlognull
  option http-ignore-probes
  default-server check inter 500ms fastinter 500ms downinter 500ms rise 1 fall 1000000

frontend entrance
  bind {bind}
  log ring@{ring} len 4096 format raw local0
  log-format "{line}"
  option forwardfor
{forcing}  use_backend testers if {{ var(txn.forced) -m str {slots} }}
  default_backend customers
"""

_FORCING = """\
  http-request set-var(txn.forced) req.fhdr({header}),map({testers})
  http-request del-header {header}
"""

_CUSTOMERS = """\
backend customers
  balance random(1)
  retries 2
  option redispatch 1
  retry-on conn-failure empty-response response-timeout
  http-request disable-l7-retry unless {{ method GET HEAD OPTIONS TRACE PUT DELETE }}
  http-request set-var(txn.a) srv_weight(customers/a)
  http-request set-var(txn.b) srv_weight(customers/b),add(txn.a)
  http-request set-var(txn.all) srv_weight(customers/c),add(txn.b)
  http-request set-var(txn.drawn) rand,mod(txn.all)
  http-request set-var(txn.slot) str(c)
  http-request set-var(txn.slot) str(b) if {{ var(txn.drawn),sub(txn.b) -m int lt 0 }}
  http-request set-var(txn.slot) str(a) if {{ var(txn.drawn),sub(txn.a) -m int lt 0 }}
{draw}"""

_DRAW = """\
  http-request set-var(txn.address) str({slot}),map({addresses}) \
if {{ var(txn.slot) -m str {slot} }} {{ srv_is_up(customers/{slot}) }}
"""


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What one slot should be: weight 0 means maintenance for customers, `testers` False for testers."""

    address: str | None
    weight: int
    testers: bool


def home_of(root: Path, service: str, environment: str) -> Path:
    """Where the HAProxy of a service and environment keeps its files. Raises InvalidInput."""
    for what, name in (("service", service), ("environment", environment)):
        if not _NAME.fullmatch(name):
            raise InvalidInput(f'the {what} name "{name}" cannot be the name of a directory')
    return root / service / environment


def plan_of(layout: Layout) -> dict[str, ServerPlan]:
    """The plan of every slot; a slot without an address is reached by nobody."""
    targets = {target.slot: target for target in layout.targets}
    shares = tuple(
        targets[name].share if name in targets and targets[name].address else 0.0
        for name in SLOT_NAMES
    )
    plans = {}
    for name, weight in zip(SLOT_NAMES, weights_for(shares), strict=True):
        target = targets.get(name)
        address = target.address if target else None
        plans[name] = ServerPlan(
            address=address,
            weight=weight if address else 0,
            testers=bool(target and target.testers and address),
        )
    return plans


@lru_cache(maxsize=256)
def weights_for(shares: tuple[float, ...]) -> tuple[int, ...]:
    """Whole weights (0 to 256) whose proportions come nearest to `shares`; the smallest such.

    A share above 0 never becomes 0: the smallest that can be had is 1/257.
    """
    if not any(shares):
        return tuple(0 for _ in shares)
    best: tuple[float, tuple[int, ...]] | None = None
    for total in range(1, HEAVIEST * len(shares) + 1):
        weights = tuple(max(1, round(share * total)) if share > 0 else 0 for share in shares)
        if max(weights) > HEAVIEST:
            break
        error = max(
            abs(weight / sum(weights) - share)
            for weight, share in zip(weights, shares, strict=True)
        )
        if best is None or error < best[0] - 1e-12:
            best = (error, weights)
    assert best is not None
    return best[1]


def testers_map(layout: Layout, plans: Mapping[str, ServerPlan]) -> dict[str, str]:
    """The tester's secret and the slot it leads to; empty when there is no secret."""
    if layout.tester_secret is None or layout.tester_header is None:
        return {}
    slot = next((name for name, plan in plans.items() if plan.testers), NO_SLOT)
    return {layout.tester_secret: slot}


def addresses_map(plans: Mapping[str, ServerPlan]) -> dict[str, str]:
    """Slot → address, for the log line."""
    return {name: plan.address or NO_ADDRESS for name, plan in plans.items()}


def map_text(entries: Mapping[str, str]) -> str:
    """A map as HAProxy reads it from a file."""
    return "".join(f"{key} {value}\n" for key, value in entries.items())


def fixed_part(layout: Layout, ring_bytes: int) -> tuple[str, str]:
    """The part of the configuration that no release changes, and its digest.

    The digest is the process's description, so that a desk can tell whether a running HAProxy was
    started with the same one.
    """
    host = f"[{layout.bind}]" if ":" in layout.bind else layout.bind
    forcing = ""
    if layout.tester_header is not None:
        forcing = _FORCING.format(header=layout.tester_header, testers=TESTERS_FILE)
    values = {
        "connections": _connections(),
        "socket": SOCKET_FILE,
        "ring": RING,
        "ring_bytes": ring_bytes,
        "bind": f"{host}:{layout.port}",
        "line": " ".join(_FIELDS),
        "forcing": forcing,
        "slots": " ".join(SLOT_NAMES),
    }
    # The number of connections follows the desk's own limit of open files and is no reason to restart.
    stable = _FIXED.format(description="", **(values | {"connections": 0})) + _backends({})
    digest = "gonogo-" + hashlib.sha256(stable.encode()).hexdigest()[:20]
    return _FIXED.format(description=digest, **values), digest


def config_text(fixed: str, plans: Mapping[str, ServerPlan]) -> str:
    """The whole configuration: a process that starts from it is laid out right from the beginning."""
    return fixed + "\n" + _backends(plans)


def _backends(plans: Mapping[str, ServerPlan]) -> str:
    draw = "".join(_DRAW.format(slot=name, addresses=ADDRESSES_FILE) for name in SLOT_NAMES)
    draw += "".join(
        f"  use-server {name} if {{ var(txn.slot) -m str {name} }} {{ srv_is_up(customers/{name}) }}\n"
        for name in SLOT_NAMES
    )
    customers = _CUSTOMERS.format(draw=draw)
    testers = "backend testers\n  retries 0\n" + "".join(
        f"  use-server {name} if {{ var(txn.forced) -m str {name} }}\n" for name in SLOT_NAMES
    )
    for name, plan in plans.items():
        address = plan.address or NO_ADDRESS
        out = "" if plan.weight else " disabled"
        customers += f"  server {name} {address} weight {plan.weight}{out}\n"
        testers += f"  server {name} {address} weight 1{'' if plan.testers else ' disabled'}\n"
    return customers + "\n" + testers


def _connections() -> int:
    """How many customers' connections fit into the limit of open files (two files each)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        return 8000
    return max(50, min(8000, (hard - 200) // 2))
