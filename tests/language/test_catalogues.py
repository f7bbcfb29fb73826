"""Every sentence that pages say, in every language."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from gonogo.domain.actor import Role
from gonogo.language import named
from gonogo.language.reader import Language
from gonogo.usecases.permissions import Deed

PACKAGE = Path(named.__file__).parents[1]
KEYWORDS = {
    "t": None,
    "n": (1, 2),
    "p": ((1, "c"), 2),
    "form": None,
    "counted": (1, 2),
    "named": ((1, "c"), 2),
}
PLACE = re.compile(r"\{[a-z_0-9]+\}")
OTHERS = [each for each in Language if each is not Language.ENGLISH]


@cache
def said() -> frozenset[tuple[str | None, str | tuple[str, ...]]]:
    """Context and message of everything that is said anywhere."""
    with (PACKAGE / "language" / "locale" / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    return frozenset(
        (context, message)
        for folder in ("web/desk", "language")
        for _, _, message, _, context in extract_from_dir(
            PACKAGE / folder, methods, options, KEYWORDS
        )
    )


@cache
def catalogue(language: Language) -> Catalog:
    """The catalogue as it is kept."""
    text = (PACKAGE / "language" / "locale" / f"{language.value}.po").read_bytes()
    return read_po(BytesIO(text), locale=language.value)


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_that_is_said_is_missing(language: Language):
    missing = []
    for context, message in said():
        one = message[0] if isinstance(message, tuple) else message
        found = catalogue(language).get(one, context)
        whole = found is not None and all(
            found.string if isinstance(found.string, (tuple, list)) else [found.string]
        )
        if not whole:
            missing.append(one)
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_translation_has_the_places_of_its_message(language: Language):
    for message in catalogue(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        known = {place for each in ids for place in PLACE.findall(each)}
        for string in strings:
            places = set(PLACE.findall(string))
            assert places <= known, message.id
            # A form for one may leave the number out; nothing else may be lost.
            assert known - places <= {"{count}", "{number}"}, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_kept_that_nobody_says(language: Language):
    known = {(context, one[0] if isinstance(one, tuple) else one) for context, one in said()}
    kept = {
        (each.context, each.id[0] if isinstance(each.id, tuple) else each.id)
        for each in catalogue(language)
        if each.id
    }
    assert kept - known == set()


def test_every_role_and_deed_has_its_name():
    assert {name for _, name in named.ROLES} == {role.words for role in Role}
    assert {name for _, name in named.DEEDS} == {deed.value for deed in Deed}
