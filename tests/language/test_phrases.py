"""Recorded sentences in the reader's language."""

from itertools import chain

import pytest

from gonogo.language.matching import kind_of, phrase
from gonogo.language.phrases import say
from gonogo.language.reader import Reader
from gonogo.language.sentences import FORMS, FORMS_WITHIN

FAILED = (
    "errors: 9 of 61 canary requests bad (14.8 %), baseline 2 of 1,150 (0.17 %): about 85 times worse"
    " [10, 3,200]; odds 24,000,000 : 1 that this is no accident (limit 990 : 1)"
)


def test_an_english_reader_sees_what_was_written():
    assert say(FAILED, Reader.of("en")).text == FAILED


def test_a_sentence_that_no_form_fits_is_shown_as_it_was_written():
    said = say("the moon is made of cheese", Reader.of("fa"))
    assert (said.text, said.translated) == ("the moon is made of cheese", False)


def test_a_failed_kpi_is_recognised_down_to_its_clauses():
    assert say(FAILED, Reader.of("ru")).translated


def test_numbers_are_written_as_the_reader_writes_them():
    said = say(
        "shop: no canary request, baseline 2 of 1,150 (0.17 %): {}".format(
            "no baseline is left to compare with, so nothing more can be shown"
        ),
        Reader.of("fa"),
    )
    assert said.translated
    assert "۱٬۱۵۰" in said.text
    assert "۰٫۱۷٪" in said.text


EXAMPLES = {
    "hash": "a1b2c3d4",
    "share": "5 %",
    "span": "7 days",
    "at": "2026-11-22 14:03 UTC",
    "date": "2026-11-22",
    "clock": "14:03 UTC",
}


def test_every_form_recognises_itself():
    for form in chain(FORMS, *FORMS_WITHIN.values()):
        example = form.source
        for place in form.places:
            example = example.replace("{" + place + "}", EXAMPLES.get(kind_of(place), "7"))
        assert next(form.fits(example), None) is not None, form.source


def test_a_place_named_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        phrase("{n} of {n}")
