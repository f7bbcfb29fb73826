"""Where a version listens: an IP address and a port.

Names are not allowed. A router resolves a name once, at a moment of its own choosing, and counts
requests by what it found; an address means the same to the router, to the log line and to the rows.
"""

import ipaddress

from gonogo.domain.errors import InvalidInput

LOOPBACK = "127.0.0.1"


def host_port(host: str, port: int) -> str:
    """`host:port`, an IPv6 address in brackets: as it stands in a URL and in HAProxy's tables."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split(text: str) -> tuple[str, int]:
    """The address and the port of `host:port`, the address as it is written everywhere else.

    Raises InvalidInput for a name, for what no machine can be reached on, and for a missing port.
    """
    host, colon, port = text.strip().rpartition(":")
    if not (
        colon and port.isascii() and port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
    ):
        raise InvalidInput(
            f'"{text}" is no address with a port of 1 to 65535',
            hint="write it as in 127.0.0.1:8000",
        )
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        raise InvalidInput(
            f'"{host}" is no IP address, and names are not resolved here',
            hint=f"write it as in {host_port(LOOPBACK, int(port))}",
        ) from None
    if ":" in host and bare == host:
        raise InvalidInput(
            f'in "{text}" it is not clear where the IPv6 address ends and the port begins',
            hint=f"[{host}]:{port}",
        )
    if found.is_unspecified or found.is_multicast:
        raise InvalidInput(
            f"nobody can be reached at {bare}",
            hint="name the address of one machine, as in 127.0.0.1:8000",
        )
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found.scope_id):
        raise InvalidInput(
            f"{bare} is an IPv6 address that means something else on each machine",
            hint="write the IPv4 address itself, or an IPv6 address without a zone",
        )
    return str(found), int(port)
