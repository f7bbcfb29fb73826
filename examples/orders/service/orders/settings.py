"""What the service is told from outside, read once when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from orders import __version__

EXAMPLE_SECRET = "orders-example-secret"  # good for an example, for nothing else


@dataclass(frozen=True)
class Settings:
    """The values of `ORDERS_*`; each has a default that is good enough for a try at home."""

    database_url: str = "sqlite:///orders.sqlite3"
    secret: str = EXAMPLE_SECRET
    version: str = f"v{__version__}"

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings; an empty variable counts as one that is not set."""
        version = environ.get("ORDERS_VERSION") or cls.version
        return cls(
            database_url=environ.get("ORDERS_DATABASE_URL") or cls.database_url,
            secret=environ.get("ORDERS_SECRET") or cls.secret,
            version=version if version.startswith("v") else f"v{version}",
        )
