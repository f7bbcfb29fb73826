"""What a child process may see of the desk's environment: a short list, never its secrets."""

import os
from collections.abc import Iterable, Mapping

ALLOWED = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "VIRTUAL_ENV",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    }
)
_ALLOWED_PREFIX = "LC_"


def child_environment(
    layers: Iterable[Mapping[str, str]],
    *,
    desk: Mapping[str, str] | None = None,
    allowed: frozenset[str] = ALLOWED,
) -> dict[str, str]:
    """The allow-listed part of the desk's environment, then each layer over it; later ones win."""
    source = os.environ if desk is None else desk
    environment = {
        name: value
        for name, value in source.items()
        if name in allowed or name.startswith(_ALLOWED_PREFIX)
    }
    environment.setdefault("PATH", os.defpath)
    for layer in layers:
        environment.update(layer)
    return environment
