"""Linters, formatters and type checkers: counts, clean runs, and outputs that are no clean runs."""

import json

import pytest
from tests.evidence.reading import content, document, facts, read, refusal

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence import wording

FINDINGS = {
    "ruff/ruff-findings.json": ("ruff", 5, 0, None),
    "ruff/full.txt": ("ruff", 5, 0, None),
    "ruff/concise.txt": ("ruff", 7, 0, None),
    "ruff/format-findings.txt": ("ruff format", 2, 0, 3),
    "flake8/findings.txt": ("flake8", 3, 0, None),
    "flake8/findings-count.txt": ("flake8", 3, 0, None),
    "flake8/statistics.txt": ("flake8", 3, 0, None),
    "black/findings.txt": ("black", 2, 0, 3),
    "mypy/findings.txt": ("mypy", 5, 0, 1),
    "mypy/pretty.txt": ("mypy", 5, 0, 1),
    "mypy/prevented.txt": ("mypy", 2, 0, None),
    "eslint/findings.json": ("eslint", 3, 1, 2),
    "tsc/findings.txt": ("tsc", 2, 0, None),
    "tsc/findings-diagnostics.txt": ("tsc", 2, 0, None),
    "tsc/pretty.txt": ("tsc", 2, 0, None),
}
CLEAN = {
    "ruff/ruff-clean.json": ("ruff", None),
    "ruff/clean.txt": ("ruff", None),
    "ruff/format-clean.txt": ("ruff format", 1),
    "flake8/flake8-clean.txt": ("flake8", None),
    "black/clean.txt": ("black", 1),
    "mypy/clean.txt": ("mypy", 1),
    "eslint/clean.json": ("eslint", 1),
    "tsc/clean-diagnostics.txt": ("tsc", None),
}


@pytest.mark.parametrize("path", FINDINGS)
def test_findings_are_counted(path):
    found = facts(path)
    assert (found.tool, found.errors, found.warnings, found.files) == FINDINGS[path]


@pytest.mark.parametrize("path", CLEAN)
def test_a_clean_run_is_zero(path):
    tool, files = CLEAN[path]
    assert facts(path) == LintFacts(tool, 0, 0, files)


@pytest.mark.parametrize(
    ("path", "example"),
    [
        ("ruff/full.txt", Example("F401", "pkg/shop.py:1:8", "`os` imported but unused")),
        ("ruff/concise.txt", Example("F401", "pkg/shop.py:1:8", "`os` imported but unused")),
        (
            "ruff/ruff-findings.json",
            Example("F401", "/shop/pkg/shop.py:1", "`os` imported but unused"),
        ),
        ("flake8/findings.txt", Example("F401", "pkg/shop.py:1:1", "'os' imported but unused")),
        ("black/findings.txt", Example("would reformat", "/shop/pkg/y.py")),
        (
            "mypy/findings.txt",
            Example("no-untyped-def", "pkg/shop.py:12", "Function is missing a type annotation"),
        ),
        ("eslint/findings.json", Example("no-undef", "/shop/src/a.js:1", "'x' is not defined.")),
        (
            "tsc/pretty.txt",
            Example("TS7006", "src/t.ts:1", "Parameter 'x' implicitly has an 'any' type."),
        ),
    ],
)
def test_examples_say_what_where_and_why(path, example):
    assert example in facts(path).examples


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("ruff/nothing-checked.txt", "ruff found no files"),
        ("black/nothing-checked.txt", "black found no files"),
        ("mypy/crash.txt", "the tool itself broke down"),
    ],
)
def test_a_run_that_looked_at_nothing_or_broke_down_is_refused(path, why):
    assert why in refusal(content(path), path)


@pytest.mark.parametrize(
    "path", ["ruff/full.txt", "ruff/concise.txt", "mypy/findings.txt", "flake8/findings-count.txt"]
)
def test_output_that_lost_a_finding_is_refused(path):
    lines = [line for line in content(path).splitlines(keepends=True) if b":18:" not in line]
    lines = [line for line in lines if b"shop.py:9: error: Inc" not in line]
    assert "it is not whole" in refusal(b"".join(lines), path)


@pytest.mark.parametrize(
    "path",
    [
        "ruff/full.txt",
        "ruff/concise.txt",
        "mypy/findings.txt",
        "black/findings.txt",
        "tsc/clean-diagnostics.txt",
    ],
)
def test_output_without_the_tools_last_words_is_refused(path):
    lines = content(path).splitlines(keepends=True)
    while lines and not lines[-1].startswith((b"Found", b"1 file", b"Total")):
        lines.pop()
    assert refusal(b"".join(lines[:-1]), path)


@pytest.mark.parametrize(
    "path",
    [path for path in [*FINDINGS, *CLEAN] if path.endswith(".txt") and "flake8-" not in path],
)
def test_a_text_whose_last_line_is_cut_off_is_refused(path):
    assert refusal(content(path).rstrip()[:-2], path)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("mypy/clean.txt", "mypy/findings.txt"),
        ("mypy/findings.txt", "mypy/clean.txt"),
        ("ruff/clean.txt", "ruff/concise.txt"),
        ("black/clean.txt", "black/findings.txt"),
        ("flake8/flake8-clean.txt", "flake8/findings.txt"),
    ],
)
def test_two_runs_in_one_file_are_refused(first, second):
    assert refusal(content(first) + content(second), "flake8.txt")


def test_words_after_a_clean_mypy_that_tell_of_a_crash_are_refused():
    crashed = b"Traceback (most recent call last):\n" + content("mypy/clean.txt")
    assert "broke down" in refusal(crashed, "mypy.txt")


@pytest.mark.parametrize("name", ["report.json", "lint.json", "eslint.json"])
def test_an_empty_list_says_nothing_unless_its_name_says_whose_it_is(name):
    assert "no format" in refusal(b"[]", name)


def test_a_lone_zero_is_flake8s_only_by_name():
    assert "no format" in refusal(b"0\n", "report.txt")


def test_ruffs_warnings_are_warnings():
    log = document("ruff/ruff-findings.json")
    log[0]["severity"] = "warning"
    found = read(json.dumps(log).encode(), "ruff.json")[0].facts
    assert (found.errors, found.warnings) == (4, 1)


def test_code_that_only_speaks_of_an_internal_error_is_no_crash():
    text = content("ruff/full.txt").replace(b"import pickle", b'x = "INTERNAL ERROR"')
    assert read(text, "ruff.txt")[0].facts.errors == 5


def test_a_black_that_broke_down_is_refused():
    text = (
        b"error: cannot format a.py: INTERNAL ERROR: no\nOh no!\n1 file would fail to reformat.\n"
    )
    assert "broke down" in refusal(text, "black.txt")


def test_a_syntax_error_as_older_ruffs_write_it_is_a_finding():
    text = b"a.py:1:7: SyntaxError: Expected a parameter\nFound 1 error.\n"
    assert read(text, "ruff.txt")[0].facts.errors == 1


def test_what_ruff_mended_itself_does_not_count():
    text = b"a.py:16:5: F841 Local variable `x`\nFound 5 errors (4 fixed, 1 remaining).\n"
    assert read(text, "ruff.txt")[0].facts.errors == 1


def test_eslints_sums_must_agree_with_its_messages():
    log = document("eslint/findings.json")
    log[0]["messages"].pop()
    assert "[0].warningCount is 1, but the list has 0" in refusal(log)


def test_black_that_changed_files_is_refused():
    text = b"reformatted a.py\n\nAll done!\n1 file reformatted, 2 files left unchanged.\n"
    assert "black --check" in refusal(text, "black.txt")


def test_mypys_success_in_no_file_is_refused():
    assert "no file" in refusal(b"Success: no issues found in 0 source files\n", "mypy.txt")


def test_output_with_colours_and_carriage_returns_is_read():
    text = content("mypy/findings.txt").replace(b"error:", b"\x1b[1m\x1b[31merror:\x1b[m")
    assert read(text.replace(b"\n", b"\r\n"), "mypy.txt")[0].facts.errors == 5


def test_a_text_of_millions_of_lines_is_refused_early(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wording, "MOST_LINES", 1000)
    text = b"would reformat shop.py\n" * 1001
    assert "has more than 1000 lines" in refusal(text, "black/findings.txt")
