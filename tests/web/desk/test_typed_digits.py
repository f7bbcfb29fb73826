"""Whoever types Persian or Arabic digits into a form is understood."""

import pytest

from gonogo.web.desk.forms import Form


@pytest.mark.parametrize("typed", ["42", "۴۲", "٤٢", " ۴۲ "])
def test_a_number_is_read_in_any_digits(typed: str):
    assert Form({"seen": typed}).number("seen") == 42


@pytest.mark.parametrize("typed", ["", "۴۲٫۵", "چهل", "1e3", "²"])
def test_what_is_no_whole_number_is_none(typed: str):
    assert Form({"seen": typed}).number("seen") is None
