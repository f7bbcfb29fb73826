import subprocess

import pytest

from gonogo.domain.placeholder import fill

NASTY = "a b;c'd\"e$HOME`id`\\&"


@pytest.mark.parametrize("line", ["echo {value}", 'echo "{value}"', "echo '{value}'"])
def test_a_value_reaches_the_command_unchanged_however_the_line_quotes_it(line: str) -> None:
    command = fill(line.replace("echo", "printf %s"), {"value": NASTY})
    printed = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert printed.stdout == NASTY


def test_plain_values_are_put_in_as_they_are() -> None:
    assert fill("serve --port {port} --v {version}", {"port": "80", "version": "v1.2"}) == (
        "serve --port 80 --v v1.2"
    )


def test_what_belongs_to_the_shell_is_left_alone() -> None:
    line = "echo ${port} {unknown} '\\' {a,b} | awk '{print $1}'"
    assert fill(line, {"port": "1"}) == line


def test_a_backslash_in_single_quotes_does_not_hide_their_end() -> None:
    assert fill("echo '\\' {value}", {"value": "a b"}) == "echo '\\' 'a b'"
