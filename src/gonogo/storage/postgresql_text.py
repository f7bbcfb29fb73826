"""How text goes to PostgreSQL, which cannot hold the character NUL."""

from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown


class WithoutNul(StrDumperUnknown):
    """What a command printed may hold any character: NUL is stored as the sign for a lost one."""

    def dump(self, obj: str) -> Buffer | None:
        """The text as it is sent."""
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)
