"""Who reads: their language, time zone, calendar and digits."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Language(StrEnum):
    """Languages that the desk speaks."""

    ENGLISH = "en"
    PERSIAN = "fa"
    RUSSIAN = "ru"

    @property
    def own_name(self) -> str:
        """As its speakers write it."""
        return {"en": "English", "fa": "فارسی", "ru": "Русский"}[self.value]


class Calendar(StrEnum):
    """How days are counted on screen. Exports, tooltips and the audit chain keep ISO 8601 in UTC."""

    GREGORIAN = "gregorian"
    JALALI = "jalali"


class Digits(StrEnum):
    """Which digits numbers are written with. Hashes, versions and commands stay ASCII."""

    LATIN = "latin"
    PERSIAN = "persian"


@dataclass(frozen=True)
class Reader:
    """One way to read. Equal readers see the same page, so that it is rendered once for all of them.

    `zone` is an IANA name that this machine knows; `of` turns what it does not know into UTC.
    """

    language: Language = Language.ENGLISH
    zone: str = "UTC"
    calendar: Calendar = Calendar.GREGORIAN
    digits: Digits = Digits.LATIN

    @classmethod
    def of(
        cls,
        language: str,
        zone: str = "UTC",
        calendar: str | None = None,
        digits: str | None = None,
    ) -> "Reader":
        """From what a browser or a person says; what is unknown falls back to the language's custom."""
        spoken = Language(language) if language in set(Language) else Language.ENGLISH
        persian = spoken is Language.PERSIAN
        days = Calendar.JALALI if persian else Calendar.GREGORIAN
        written = Digits.PERSIAN if persian else Digits.LATIN
        return cls(
            language=spoken,
            zone=zone if _known(zone) else "UTC",
            calendar=Calendar(calendar) if calendar in set(Calendar) else days,
            digits=Digits(digits) if digits in set(Digits) else written,
        )

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return "rtl" if self.language is Language.PERSIAN else "ltr"

    @cached_property
    def tzinfo(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.zone)


def _known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name that is a path or a folder of the zone data raises others than an unknown one.
        return False
    return True
