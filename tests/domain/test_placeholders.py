"""Placeholders in shell lines."""

import pytest

from gonogo.domain.placeholders import fill, placeholders


def test_placeholders_are_replaced_by_their_values() -> None:
    assert fill("serve --port {port} {url}", {"port": "80", "url": "u"}) == "serve --port 80 u"


@pytest.mark.parametrize(
    "line",
    [
        "echo ${PORT}",
        "cp a.{txt,md} b",
        "find . -exec rm {} +",
        """curl -d '{"a": {"b": 1}}'""",
        "{ ls; }",
    ],
)
def test_braces_that_are_the_shells_own_stay_as_they_are(line: str) -> None:
    assert placeholders(line) == ()
    assert fill(line, {}) == line


def test_doubled_braces_write_a_word_in_braces() -> None:
    assert fill("awk '{{print}}' {{port}}", {"port": "80"}) == "awk '{print}' {port}"


def test_unknown_placeholders_are_reported_with_their_place() -> None:
    assert placeholders("a {prot} {{x}} {port}") == (("prot", 2), ("port", 15))


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("{port}", {})


def test_a_value_that_looks_like_a_placeholder_is_not_replaced_again() -> None:
    assert fill("{url}", {"url": "{port}", "port": "80"}) == "{port}"
