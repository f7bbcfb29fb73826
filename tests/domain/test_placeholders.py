"""Placeholders in shell lines."""

import subprocess

import pytest

from gonogo.domain.placeholders import fill, placeholders

NASTY = "a b;c'd\"e$HOME`id`\\&"


@pytest.mark.parametrize("line", ["{value}", '"{value}"', "'{value}'"])
def test_a_value_reaches_the_command_unchanged_however_the_line_quotes_it(line: str) -> None:
    command = fill(f"printf %s {line}", {"value": NASTY})
    printed = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert printed.stdout == NASTY


def test_plain_values_are_put_in_as_they_are() -> None:
    assert fill("serve --port {port} {url}", {"port": "80", "url": "u"}) == "serve --port 80 u"


@pytest.mark.parametrize(
    "line",
    [
        "echo ${PORT}",
        "cp a.{txt,md} b",
        "find . -exec rm {} +",
        """curl -d '{"a": {"b": 1}}'""",
        "{ ls; }",
        "ls | awk '{print $1}'",
    ],
)
def test_braces_that_are_the_shells_own_stay_as_they_are(line: str) -> None:
    assert placeholders(line) == ()
    assert fill(line, {}) == line


def test_doubled_braces_write_a_word_in_braces() -> None:
    assert fill("awk '{{print}}' {{port}}", {"port": "80"}) == "awk '{print}' {port}"


def test_a_backslash_in_single_quotes_does_not_hide_their_end() -> None:
    assert fill("echo '\\' {value}", {"value": "a b"}) == "echo '\\' 'a b'"


def test_unknown_placeholders_are_reported_with_their_place() -> None:
    assert placeholders("a {prot} {{x}} {port}") == (("prot", 2), ("port", 15))


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        fill("{port}", {})


def test_a_value_that_looks_like_a_placeholder_is_not_replaced_again() -> None:
    assert fill("echo {url}", {"url": "{port}", "port": "80"}) == "echo '{port}'"
