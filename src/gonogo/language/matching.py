"""How a recorded sentence is held against a form with named places.

A regular expression with several open places can take a time that grows with a power of the
sentence's length, and sentences hold names that strangers chose. So the pieces of a form are looked
for one after the other: an open place that found no end from one position finds none from a later
one either, which is remembered. The time is that of a few walks over the sentence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

PLACE = re.compile(r"\{([a-z_]+[0-9]*)\}")

NUMBER = r"[−-]?[0-9]+(?:[,.][0-9]+)*(?:e[+-]?[0-9]+)?"
_CLOSED: Mapping[str, str] = {
    "n": rf"{NUMBER}|∞|−∞",
    "count": NUMBER,
    "share": rf"(?:under )?{NUMBER} ?%",
    "span": rf"{NUMBER} ?(?:days?|hours?|minutes?|seconds?|min|ms|s|m|h|d)(?![a-z])"
    rf"(?: {NUMBER} (?:min|s|h)(?![a-z]))?",
    "measure": rf"{NUMBER}(?: [^\s(),;:]{{1,24}})?",
    "at": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2})? UTC",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "clock": r"[0-9]{2}:[0-9]{2}(?::[0-9]{2})? UTC",
    "hash": r"[0-9a-f]{7,64}",
    "environment": r"[^\s(),;:]+",
    "service": r"[^\s(),;:]+",
    "version": r"[^\s(),;:]+",
    "word": r"\S{1,200}",
}
"""Kinds of places that are known by what they look like; every other kind is open."""


@dataclass(frozen=True)
class Phrase:
    """One form of a sentence: `source` is what it looks like, `message` what the catalogue calls it.

    `message` is a pair where the form counts: the one for one, and the one for many.
    """

    source: str
    message: str | tuple[str, str]

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The names of its places, in their order."""
        return tuple(PLACE.findall(self.source))

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """What stands before, between and after its places."""
        return tuple(PLACE.split(self.source)[::2])

    @cached_property
    def own(self) -> int:
        """How many letters are its own: the form with most of them fits best."""
        return sum(map(len, self.literals))

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str] | None, ...]:
        return tuple(_closed(name) for name in self.places)

    def fits(self, sentence: str) -> Iterator[dict[str, str]]:
        """Every way in which the sentence is of this form, with the shortest first places first."""
        if not self.places:
            if sentence == self.source:
                yield {}
            return
        first, last = self.literals[0], self.literals[-1]
        if len(sentence) < self.own or not (sentence.startswith(first) and sentence.endswith(last)):
            return
        walk = _Walk(self.literals, self._patterns, sentence)
        for found in walk.from_place(0, len(first)):
            yield dict(zip(self.places, found, strict=True))


@dataclass
class _Walk:
    """One sentence held against one form."""

    literals: tuple[str, ...]
    patterns: tuple[re.Pattern[str] | None, ...]
    sentence: str

    def __post_init__(self) -> None:
        self._dead = [len(self.sentence) + 1] * len(self.patterns)

    def from_place(self, index: int, start: int) -> Iterator[tuple[str, ...]]:
        """What the places from this one on can be when it begins at `start`."""
        if start >= self._dead[index]:
            return
        alive = False
        for end in self._ends(index, start):
            value = self.sentence[start:end]
            if index + 1 == len(self.patterns):
                alive = True
                yield (value,)
                continue
            following = end + len(self.literals[index + 1])
            if following >= self._dead[index + 1]:
                break
            for rest in self.from_place(index + 1, following):
                alive = True
                yield (value, *rest)
        if not alive and self.patterns[index] is None:
            self._dead[index] = start

    def _ends(self, index: int, start: int) -> Iterator[int]:
        after, whole = self.literals[index + 1], len(self.sentence)
        last = index + 1 == len(self.patterns)
        pattern = self.patterns[index]
        if pattern is not None:
            found = pattern.match(self.sentence, start)
            if found is None or not self.sentence.startswith(after, found.end()):
                return
            if not last or found.end() + len(after) == whole:
                yield found.end()
        elif last:
            if whole - len(after) > start:
                yield whole - len(after)
        else:
            end = self.sentence.find(after, start + 1)
            while end >= 0:
                yield end
                end = self.sentence.find(after, end + 1)


def phrase(source: str | tuple[str, str]) -> tuple[Phrase, ...]:
    """A form from its message; two of one that counts. Raises ValueError for what cannot be told apart."""
    sources = (source,) if isinstance(source, str) else source
    found = tuple(Phrase(each, source) for each in sources)
    for each in found:
        if len(set(each.places)) != len(each.places):
            raise ValueError(f"a place is named twice in {each.source!r}")
        if "" in each.literals[1:-1]:
            raise ValueError(f"two places touch in {each.source!r}")
    return found


class Forms:
    """Many forms, of which few are tried on a sentence: its first word rules most of them out."""

    def __init__(self, sources: Iterable[str | tuple[str, str]]) -> None:
        self.all = tuple(
            sorted((one for each in sources for one in phrase(each)), key=lambda one: -one.own)
        )
        self._open: list[tuple[int, Phrase]] = []
        self._by_word: dict[str, list[tuple[int, Phrase]]] = {}
        for order, one in enumerate(self.all):
            word, blank, _ = one.literals[0].partition(" ")
            known = blank or not one.places
            (self._by_word.setdefault(word, []) if known else self._open).append((order, one))

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self.all)

    def for_sentence(self, sentence: str) -> Iterator[Phrase]:
        """The forms that the sentence may have, the best first."""
        named = self._by_word.get(sentence.partition(" ")[0], [])
        for _, one in sorted((*named, *self._open), key=lambda each: each[0]):
            yield one


def kind_of(place: str) -> str:
    """What stands before the first `_` of a place's name."""
    return place.partition("_")[0]


def _closed(place: str) -> re.Pattern[str] | None:
    pattern = _CLOSED.get(kind_of(place))
    return None if pattern is None else re.compile(pattern)
