"""The words of a language, from gettext catalogues beside this file.

A message is written in English where it is used, with named places: `t("{count} of {all}", count=…)`.
Catalogues are read from their .po source, so that nothing has to be compiled; English needs none. What
a catalogue does not have is shown in English: a test sees to it that nothing is missing.
"""

import gettext
from functools import cache
from importlib.resources import files
from io import BytesIO

from gonogo.language.reader import Language


class Words:
    """One language's words. `t` for a message, `n` for one that counts, `p` where a context tells apart."""

    def __init__(self, catalogue: gettext.NullTranslations) -> None:
        self._catalogue = catalogue

    def t(self, message: str, /, **values: object) -> str:
        """The message in this language, with its named places filled."""
        return _filled(self._catalogue.gettext(message), values)

    def n(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The form that this language has for `count`, which is also the place {count} unless given."""
        return _filled(self._catalogue.ngettext(one, many, count), {"count": count, **values})

    def p(self, context: str, message: str, /, **values: object) -> str:
        """A message that means another thing elsewhere; the context says which."""
        return _filled(self._catalogue.pgettext(context, message), values)


@cache
def words(language: Language) -> Words:
    """The words of a language; read once."""
    source = files("gonogo.language") / "locale" / f"{language.value}.po"
    if language is Language.ENGLISH or not source.is_file():
        return Words(gettext.NullTranslations())
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    write_mo(compiled, read_po(BytesIO(source.read_bytes()), locale=language.value))
    compiled.seek(0)
    return Words(gettext.GNUTranslations(compiled))


def _filled(message: str, values: dict[str, object]) -> str:
    return message.format(**values) if values else message
