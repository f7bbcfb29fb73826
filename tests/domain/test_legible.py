"""A name may hold what its script cannot be written without, and nothing else that does not print."""

import pytest

from gonogo.domain.legible import is_legible


@pytest.mark.parametrize("text", ["پشتیبان\u200cگیری", "می\u200cشود", "smoke tests", "Проверка"])
def test_what_people_write_is_legible(text: str) -> None:
    assert is_legible(text)


@pytest.mark.parametrize(
    "text",
    [
        "a\u200cb",
        "\u200cپشتیبان",
        "پشتیبان\u200c",
        "پ\u200c\u200cگ",
        "a\u202eb",
        "a\nb",
        "a\u200bb",
    ],
)
def test_what_only_hides_or_turns_the_text_around_it_is_not(text: str) -> None:
    assert not is_legible(text)
