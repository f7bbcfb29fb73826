"""Sentences that are made in one place and said in another: a message of the catalogues with what fills it.

Whoever reads decides how numbers are written, so what fills a place stays a value: a whole number, a
`Share`, a duration, or a name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta


class Share(float):
    """A number between 0 and 1 that is read as a percentage."""


Value = int | float | Share | timedelta | str


@dataclass(frozen=True, slots=True)
class Sentence:
    """`message` is English with named places; catalogues know it by that."""

    message: str
    places: Mapping[str, Value] = field(default_factory=dict)

    def told(
        self,
        say: Callable[..., str],
        number: Callable[[float], str],
        share: Callable[[float], str],
        span: Callable[[timedelta], str],
        names: Mapping[str, str],
    ) -> str:
        """The sentence as `say` says it, its values written by the others; `names` are known names."""
        written = {}
        for place, value in self.places.items():
            if isinstance(value, str):
                written[place] = names.get(value, value)
            elif isinstance(value, timedelta):
                written[place] = span(value)
            else:
                written[place] = share(value) if isinstance(value, Share) else number(value)
        return say(self.message, **written)
