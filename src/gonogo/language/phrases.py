"""What the desk wrote down, said in the reader's language.

Reasons, verdicts and decisions are recorded once, as English sentences, for good: the audit chain, the
bundle and the report show them as they were written. A page says them in the reader's language by
recognising the sentence: `sentences` holds every form with named places, and what fills a place is
taken over (a name), written anew (a number) or said in turn (a clause). A sentence that no form fits
is shown as it was written and marked as English: nothing is guessed and nothing is lost.

What stands before the first `_` of a place's name tells its kind:
`n` a number, `count` the number that a form counts by, `share` a percentage, `span` a length of time,
`measure` a number with any unit, `at` a moment in UTC, `date` a day, `clock` a time of day in UTC,
`hash` a digest or commit, `word` a name without blanks, as those of a `service`, a `version` and an
`environment` are; `text` a clause that is said in turn, `maybe` one that may be somebody's own words,
`list` several of these after `; `, `names` a list of names, `shares` one of slots with their shares,
`roles` a list of roles, `gate`, `report`, `severity`, `stage`, `role`, `deed` and `tried` a name of the
domain that has words of its own; `fault` is a clause about a report's file and `hazard` one about a
migration, which are said by forms of their own, `operation` and `advice` hazards that may be written in
other words. What somebody wrote or a program printed (`reason`, `error`, `detail` and their like) may
hold anything; any other is a name, which holds no clauses: a sentence with a stranger one is shown as
it was written.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from gonogo.language.catalogue import words
from gonogo.language.matching import Phrase, kind_of
from gonogo.language.reader import Language, Reader
from gonogo.language.writing import (
    amount,
    apart,
    clock,
    day,
    length,
    measured,
    moment,
    names,
    quantity,
    roles,
    shares,
    spoken,
    whole,
)

_DEEPEST = 8
_LONGEST = 2100
_WAYS = 4
_LETTERS = 30_000
_NAMED_ALIKE = frozenset({"staging", "rollback rehearsal"})
"""Stages and gates that something else is called as well: an environment, and what a step is a part of."""
_ANSWERS = {each: f"{each}: {{text_told}}" for each in ("GO", "HOLD", "NO-GO")}
_BETWEEN_ITEMS = re.compile(r"; (?![^()]*\))")
"""Not within brackets, which belong to one item."""
_CLAUSES_WITHIN = re.compile("[;:] ")
_CLAUSES = {
    "text": ("", False),
    "maybe": ("", True),
    "fault": ("fault", False),
    "hazard": ("hazard", False),
    "operation": ("hazard", True),
    "advice": ("hazard", True),
}
"""Kinds of places that hold a clause: the forms that it has, none for all, and whether it may have none."""
_ANYTHING = frozenset(
    {"reason", "error", "detail", "note", "last", "first", "because"}
    | {
        "criterion",
        "typed",
        "subject",
        "value",
        "slots",
        "bad",
        "example",
        "item",
        "command",
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and whether it is in the reader's language; else it is the English original."""

    text: str
    translated: bool


def say_message(text: str, reader: Reader) -> Said:
    """A message: it begins with the service and the version that it is about."""
    *about, rest = text.split(" ", 2)
    found = say(rest, reader)
    if len(about) < 2 or not found.translated:
        return say(text, reader)
    return Said(f"{apart(' '.join(about), reader)} {found.text}", translated=True)


def say(sentence: str, reader: Reader) -> Said:
    """The sentence in the reader's language, or as it was written."""
    if reader.language is Language.ENGLISH or not sentence.strip():
        return Said(sentence, translated=True)
    if len(sentence) > _LONGEST:
        return Said(sentence, translated=False)
    # What was recorded with blanks that do not break says the same as with those that do.
    found = _whole(sentence.replace("\u00a0", " "), reader)
    return Said(sentence if found is None else found, found is not None)


@lru_cache(maxsize=4096)
def _whole(sentence: str, reader: Reader) -> str | None:
    return _Saying(reader).said(sentence)


@dataclass
class _Saying:
    """One sentence being said. `left` is how many letters of clauses are still looked at."""

    reader: Reader
    left: int = _LETTERS
    known: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def said(self, sentence: str, depth: int = 0, among: str = "") -> str | None:
        """The clause in the reader's language, or None. `among` names the forms of one kind of place."""
        looked = (among, sentence)
        if looked in self.known:
            return self.known[looked]
        if depth > _DEEPEST or self.left <= 0:
            return None
        self.left -= len(sentence)
        # A clause cannot be a part of itself: while it is looked at, it counts as not known.
        self.known[looked] = None
        self.known[looked] = self._first(sentence, depth, among)
        return self.known[looked]

    def _of_named(self, sentence: str, depth: int) -> str | None:
        """A clause after an answer, or after the name of a gate or a stage: forms that begin with a place
        would take that name for another's."""
        head, colon, rest = sentence.partition(": ")
        if not colon or head in _NAMED_ALIKE:
            return None
        named = spoken("gate", head, self.reader) or spoken("stage", head, self.reader)
        if named is None and head not in _ANSWERS:
            return None
        told = self.said(rest, depth + 1)
        if told is not None and head in _ANSWERS:
            return words(self.reader.language).t(_ANSWERS[head], text_told=told)
        return None if told is None else f"{named}: {told}"

    def _first(self, sentence: str, depth: int, among: str) -> str | None:
        from gonogo.language.sentences import FORMS, FORMS_WITHIN

        named = None if among else self._of_named(sentence, depth)
        if named is not None:
            return named
        forms = FORMS_WITHIN[among] if among else FORMS
        for form in forms.for_sentence(sentence):
            for values in islice(form.fits(sentence), _WAYS):
                filled: dict[str, str] = {}
                for name, value in values.items():
                    text = self._filled(name, value, depth)
                    if text is None:
                        break
                    filled[name] = text
                else:
                    return self._worded(form, filled, values)
        return None

    def _worded(self, form: Phrase, filled: dict[str, str], values: Mapping[str, str]) -> str:
        spoken_here = words(self.reader.language)
        if isinstance(form.message, str):
            return spoken_here.t(form.message, **filled)
        one, many = form.message
        number = whole(values.get("count", "1"))
        filled.setdefault("count", amount("1", self.reader))
        return spoken_here.n(one, many, number, **filled)

    def _filled(self, name: str, value: str, depth: int) -> str | None:
        kind = kind_of(name)
        if kind in _CLAUSES:
            among, may_be_other_words = _CLAUSES[kind]
            told = self.said(value, depth + 1, among)
            return apart(value, self.reader) if told is None and may_be_other_words else told
        if kind == "list":
            return self._list(value, depth)
        if kind in _WRITTEN:
            return _WRITTEN[kind](value, self.reader)
        if kind not in _ANYTHING and _CLAUSES_WITHIN.search(value):
            return None
        return apart(value, self.reader)

    def _list(self, value: str, depth: int) -> str:
        """Clauses after `; ` and how many more there are; what is nobody's sentence stays itself."""
        body, _, rest = value.rpartition(" and ")
        number, _, more = rest.partition(" ")
        body, tail = (body, number) if more == "more" and number.isdigit() else (value, "")
        items = [
            self.said(each, depth + 1) or apart(each, self.reader)
            for each in _BETWEEN_ITEMS.split(body.removesuffix(";"))
        ]
        separator = words(self.reader.language).t("; ")
        told = separator.join(items)
        if not tail:
            return told
        return words(self.reader.language).t(
            "{names} and {n_more} more", names=told, n_more=amount(tail, self.reader)
        )


def _name_of_kpi(value: str, reader: Reader) -> str | None:
    """What begins with the name of a gate or of a stage tells of that, whatever follows looks like."""
    named = spoken("gate", value, reader) or spoken("stage", value, reader)
    return None if named or _CLAUSES_WITHIN.search(value) else apart(value, reader)


def _gates(value: str, reader: Reader) -> str | None:
    """Names of gates, by commas."""
    found = [spoken("gate", each, reader) for each in value.split(", ")]
    told = [each for each in found if each is not None]
    return words(reader.language).t(", ").join(told) if len(told) == len(found) else None


_WRITTEN: Mapping[str, Callable[[str, Reader], str | None]] = {
    "n": amount,
    "count": amount,
    "share": quantity,
    "span": length,
    "measure": quantity,
    "value": measured,
    "bound": measured,
    "at": moment,
    "date": day,
    "clock": clock,
    "shares": shares,
    "names": names,
    "roles": roles,
    "gate": lambda value, reader: spoken("gate", value, reader),
    "gates": _gates,
    "kpi": _name_of_kpi,
    "report": lambda value, reader: spoken("report", value, reader),
    "severity": lambda value, reader: spoken("severity", value, reader),
    "stage": lambda value, reader: spoken("stage", value.replace("_", " "), reader),
    "role": lambda value, reader: spoken("role", value, reader),
    "deed": lambda value, reader: spoken("deed", value, reader),
    "tried": lambda value, reader: spoken("rehearsal", value, reader),
}
"""How what fills a place is written, by the place's kind."""
