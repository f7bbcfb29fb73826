"""What the desk wrote down, said in the reader's language.

Reasons, verdicts and decisions are recorded once, as English sentences, for good: the audit chain, the
bundle and the report show them as they were written. A page says them in the reader's language by
recognising the sentence: PHRASES hold every form with named places, and what fills a place is taken
over (a name), written anew (a number) or said in turn (a clause). A sentence that no form fits is
shown as it was written and marked as English: nothing is guessed and nothing is lost.

What stands before the first `_` of a place's name tells its kind: `n` a number, `share` a percentage, `span`
a number with its unit, `text` a clause that is said in turn; any other is a name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from gonogo.language.catalogue import words
from gonogo.language.formats import digits
from gonogo.language.reader import Language, Reader

_PLACE = re.compile(r"\{([a-z_]+[0-9]*)\}")
_KINDS = {
    "share": r"(?:under )?[0-9][0-9,.]* %",
    "text": r".+?",
    "span": r"[0-9][0-9,.]* [a-zµ]+(?: [0-9]+ [a-z]+)?",
    "n": r"[−-]?[0-9][0-9,.]*|∞",
}
_NAME = r".+?"
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and whether it is in the reader's language; else it is the English original."""

    text: str
    translated: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """One form of a sentence: `source` is the message of the catalogue."""

    source: str
    pattern: re.Pattern[str]
    places: tuple[str, ...]

    @property
    def said_by_itself(self) -> int:
        """How many letters are its own: the form with most of them fits best."""
        return len(_PLACE.sub("", self.source))


def phrase(source: str) -> Phrase:
    """A form from its message. Raises ValueError for a place that is named twice."""
    places = tuple(_PLACE.findall(source))
    if len(set(places)) != len(places):
        raise ValueError(f"a place is named twice in {source!r}")
    pieces = _PLACE.split(source)
    pattern = "".join(
        f"(?P<{piece}>{_kind(piece)})" if index % 2 else re.escape(piece)
        for index, piece in enumerate(pieces)
    )
    return Phrase(source, re.compile(pattern, re.DOTALL), places)


def best_first(sources: Iterable[str]) -> tuple[Phrase, ...]:
    """Forms in the order in which they are tried."""
    return tuple(sorted(map(phrase, sources), key=lambda each: -each.said_by_itself))


def say(sentence: str, reader: Reader) -> Said:
    """The sentence in the reader's language, or as it was written."""
    if reader.language is Language.ENGLISH or not sentence.strip():
        return Said(sentence, translated=True)
    found = _said(sentence, reader, 0)
    return Said(sentence if found is None else found, found is not None)


@lru_cache(maxsize=4096)
def _said(sentence: str, reader: Reader, depth: int) -> str | None:
    from gonogo.language.sentences import FORMS

    if depth > _DEEPEST or len(sentence) > 4000:
        return None
    for form in FORMS:
        match = form.pattern.fullmatch(sentence)
        if match is None:
            continue
        filled = {name: _filled(name, match[name], reader, depth) for name in form.places}
        if all(value is not None for value in filled.values()):
            return words(reader.language).t(form.source, **filled)
    return None


def _filled(name: str, value: str, reader: Reader, depth: int) -> str | None:
    kind = name.partition("_")[0]
    if kind == "text":
        return _said(value, reader, depth + 1)
    return _written(value, reader) if kind in _KINDS else value


def _written(value: str, reader: Reader) -> str:
    """A number as it was written, with the marks, digits and unit of the reader's language."""
    amount, _, unit = value.partition(" ")
    if amount == "under":
        rest, _, unit = unit.partition(" ")
        return words(reader.language).t("under {number}", number=_written(f"{rest} {unit}", reader))
    if reader.language is Language.RUSSIAN:
        amount = amount.replace(",", "\u00a0").replace(".", ",")
    amount = digits(amount, reader)
    if not unit:
        return amount
    if unit == "%":
        return amount + ("٪" if reader.language is Language.PERSIAN else "\u00a0%")
    return words(reader.language).t(f"{{number}} {unit}", number=amount)


def _kind(place: str) -> str:
    return _KINDS.get(place.partition("_")[0], _NAME)
