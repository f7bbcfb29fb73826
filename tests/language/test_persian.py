"""The Persian catalogue keeps to its own rules: letters, half-spaces, marks and digits."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from gonogo.language import catalogue

LOCALE = Path(catalogue.__file__).parent / "locale"
CATALOGUE = read_po(BytesIO((LOCALE / "fa.po").read_bytes()), locale="fa")
PLACE = re.compile(r"\{[a-z_0-9]+\}")


def broken(rule: str, *, unless_said: str = "(?!)") -> list[str]:
    """Translations in which the rule is broken, places left out."""
    found = []
    for message in CATALOGUE:
        said = message.id if isinstance(message.id, str) else " ".join(message.id)
        told = message.string if isinstance(message.string, str) else " ".join(message.string)
        if (
            said
            and re.search(rule, PLACE.sub("", told))
            and not re.search(unless_said, PLACE.sub("", said))
        ):
            found.append(told)
    return found


def test_kaf_and_yeh_are_the_persian_ones():
    assert broken("[\u0643\u064a\u0649\u06c0]") == []


def test_prefixes_and_plurals_are_joined_by_a_half_space():
    assert broken(r"(?<!\S)ن?می (?=[آ-ی])|(?<=[آ-ی]) (ها|های|هایی|تر|ترین)(?![آ-ی])") == []


def test_marks_are_persian():
    assert broken(r"[,;?]") == []


@pytest.mark.parametrize("digits", ["[0-9]", "[۰-۹]"])
def test_digits_stand_only_where_the_message_itself_has_some(digits: str):
    assert broken(digits, unless_said="[0-9]") == []
