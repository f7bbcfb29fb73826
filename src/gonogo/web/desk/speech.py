"""What templates say things with: words, numbers and times as one reader reads them.

Messages are the program's own, so what comes of them is markup where markup was put in; whatever else
is said is escaped when a template puts it out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from gonogo.language import formats, phrases
from gonogo.language.catalogue import Words, words
from gonogo.language.reader import Reader
from gonogo.web import wording

_LONGEST_SENTENCE = 2000
_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""Marks that keep names apart in a sentence: what is cut off could leave one of them open."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How the desk speaks to one reader. `values` are its ways of saying, by their names in templates."""

    reader: Reader
    words: Words

    @classmethod
    def to(cls, reader: Reader) -> "Speech":
        """How it speaks to them."""
        return cls(reader, words(reader.language))

    def values(self) -> dict[str, object]:
        """`t`, `n`, `p`, what was recorded, and formats."""
        return {
            "reader": self.reader,
            "t": self.say,
            "n": self.counted,
            "p": self.words.p,
            "said": self.said,
            "told_message": self.told,
            "measured": self.measured,
            "moment": self.moment,
            "number": lambda value, places=None: formats.number(value, self.reader, places),
            "count": lambda value: formats.count(value, self.reader),
            "share": lambda value: formats.share(value, self.reader),
            "span": self.span,
            "isolated": wording.isolated,
            "brief": wording.shorten,
        }

    def say(self, message: str, /, **values: object) -> str:
        """A message in the reader's language; markup among the values stays markup."""
        if _has_markup(values):
            return Markup(self.words.t(message)).format(**values)  # noqa: S704 - our own message
        return self.words.t(message, **values)

    def counted(self, one: str, many: str, number: int, /, **values: object) -> str:
        """A message about a number of things, which stands at {count} in the reader's digits."""
        values = {"count": formats.count(number, self.reader), **values}
        message = self.words.n(one, many, number, **{name: f"{{{name}}}" for name in values})
        if _has_markup(values):
            return Markup(message).format(**values)  # noqa: S704 - our own message
        return message.format(**values)

    def said(self, sentence: str, limit: int | None = None) -> Markup:
        """What the desk wrote down, in the reader's language; marked as English where it has no words."""
        found = phrases.say(wording.plain(sentence, _LONGEST_SENTENCE), self.reader)
        return self._marked(found, limit)

    def told(self, message: str) -> Markup:
        """A message, which begins with the release that it is about; otherwise as `said`."""
        plain = wording.plain(message, _LONGEST_SENTENCE)
        return self._marked(phrases.say_message(plain, self.reader))

    def measured(self, value: float, unit: str) -> Markup:
        """A number with the unit in which a gate counts."""
        return self.said(f"{formats.number(value, Reader.of('en'))} {unit}".strip())

    def span(self, value: timedelta | float) -> str:
        """A length of time; a bare number is seconds."""
        length = value if isinstance(value, timedelta) else timedelta(seconds=value)
        return formats.span(length, self.reader)

    def moment(self, at: datetime | str, style: str = "moment") -> Markup:
        """A `<time>` in the reader's zone and calendar, the instant in UTC in its title."""
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        shown = {"moment": formats.moment, "clock": formats.clock, "date": formats.date}[style]
        iso = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
            iso, shown(at, self.reader)
        )

    def _marked(self, found: phrases.Said, limit: int | None = None) -> Markup:
        text = found.text
        if limit is not None and len(text) > limit:
            text = wording.shorten(text.translate(_ISOLATES), limit)
        shown = _commands(text)
        if found.translated:
            # The first letter may be one of a Latin name: it does not tell how the sentence runs.
            return Markup('<bdi dir="{}">{}</bdi>').format(self.reader.direction, shown)
        # Somebody's own words may be in any language; only what can be English is said to be.
        if text.isascii():
            return Markup('<bdi lang="en" dir="ltr">{}</bdi>').format(shown)
        return Markup('<bdi dir="auto">{}</bdi>').format(shown)


def _has_markup(values: Mapping[str, object]) -> bool:
    return any(hasattr(value, "__html__") for value in values.values())


def _commands(text: str) -> Markup:
    """A text in which what stands in backquotes is a command, and is shown as one."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    shown = Markup('<code dir="ltr">{}</code>')
    return Markup().join(
        shown.format(piece) if place % 2 else escape(piece) for place, piece in enumerate(pieces)
    )
