"""What the reader of JUnit XML refuses, with one sentence that says what and where."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.formats import read_report

REPORTS = Path(__file__).with_name("reports")
GOLDEN = (REPORTS / "pytest" / "junit.xml").read_bytes()
GOLDENS = [path.read_bytes() for path in sorted(REPORTS.glob("*/*.xml"))]


def refusal(data: str | bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_report(BytesIO(data.encode() if isinstance(data, str) else data), "report.xml")
    text = str(caught.value)
    assert text.startswith("report.xml")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b'tests="13"', b'tests="11"', 'suite "pytest" declares tests="11", but its cases make 12'),
        (b'failures="3"', b'failures="0"', 'declares failures="0", but its cases make 3'),
        (b'errors="3"', b'errors="4"', 'declares errors="4", but its cases make 3'),
        (b'skipped="2"', b'skipped="1"', 'declares skipped="1", but its cases make 2'),
        (b'skipped="2"', b'skipped="two"', 'declares skipped="two", which is no count'),
        (b'skipped="2"', b'skipped="-2"', 'declares skipped="-2", which is no count'),
    ],
)
def test_a_suite_that_contradicts_its_cases_is_refused_with_both_numbers(
    before: bytes, after: bytes, said: str
) -> None:
    assert said in refusal(GOLDEN.replace(before, after))


@pytest.mark.parametrize("tests", [1, 3])
def test_outside_pytest_a_suite_may_declare_neither_fewer_nor_more_tests(tests: int) -> None:
    text = f'<testsuite name="a" tests="{tests}"><testcase/><testcase/></testsuite>'
    assert f'tests="{tests}", but its cases make 2' in refusal(text)


def test_no_failures_and_no_errors_cannot_be_declared_over_a_failing_case() -> None:
    text = '<testsuite name="a" failures="0" errors="0"><testcase><error/></testcase></testsuite>'
    assert 'declares errors="0", but its cases make 1' in refusal(text)


def test_the_whole_report_is_held_against_its_cases_too() -> None:
    text = '<testsuites tests="9"><testsuite name="a"><testcase/></testsuite></testsuites>'
    assert 'the whole report declares tests="9", but its cases make 1' in refusal(text)


def test_a_suite_inside_is_named_when_it_is_the_one_that_contradicts() -> None:
    text = (
        '<testsuite name="out"><testsuite name="in" tests="2"><testcase/></testsuite></testsuite>'
    )
    assert 'the suite "in"' in refusal(text)


def test_entities_that_grow_are_refused_before_they_grow() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE testsuites [<!ENTITY l0 "lol">{levels}]><testsuites>&l9;</testsuites>'
    assert "has a DOCTYPE with declarations" in refusal(text)


def test_an_entity_from_outside_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret words")
    text = f'<!DOCTYPE testsuite [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    said = refusal(f'{text}<testsuite name="a"><testcase name="&x;"/></testsuite>')
    assert "DOCTYPE" in said


def test_an_entity_that_nobody_declared_is_refused() -> None:
    text = '<testsuite name="a"><testcase name="&x;"/></testsuite>'
    assert "undefined entity" in refusal(text)
    assert "has a DOCTYPE, which" in refusal(
        f'<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:1/x.dtd">{text}'
    )


@pytest.mark.parametrize("size", [100, 700, 1500, len(GOLDEN) - 3])
def test_a_report_that_was_cut_off_is_refused_with_line_and_column(size: int) -> None:
    said = refusal(GOLDEN[:size])
    assert "was cut off: its XML ends at line" in said
    assert "column" in said


def test_an_empty_report_and_one_with_no_suite_are_refused() -> None:
    assert refusal(b"") == "report.xml: is empty"
    assert refusal('<testsuites name="jest tests" tests="0"/>').endswith("has no test suite in it")


def test_bytes_that_the_encoding_does_not_have_are_refused_with_the_place() -> None:
    text = '<?xml version="1.0" encoding="{}"?>\n<testsuite name="größer"/>'
    assert "bytes at line 2, column 20" in refusal(text.format("utf-8").encode("latin-1"))
    assert "in its encoding" in refusal(text.format("utf-16").encode())
    assert "encoding 'utf-7', which is not read" in refusal(text.format("utf-7").encode("utf-7"))
    assert "encoding 'zlib', which is not read" in refusal(text.format("zlib"))


def test_ten_thousand_elements_inside_each_other_are_refused() -> None:
    for tag in ("testsuite", "x"):
        text = "<testsuite name='a'>" + f"<{tag}>" * 10_000 + f"</{tag}>" * 10_000
        assert "nested more than 100 deep" in refusal(text + "</testsuite>")


def test_a_nul_byte_is_refused_with_the_place() -> None:
    assert "at line 1, column" in refusal(b'<testsuite name="a"><testcase name="\0"/></testsuite>')


def test_a_huge_attribute_is_refused() -> None:
    text = f'<testsuite name="a"><testcase name="{"x" * (6 << 20)}"/></testsuite>'
    assert "larger than 4 MiB" in refusal(text)


def test_endlessly_many_names_are_refused() -> None:
    text = "".join(f"<e{number}/>" for number in range(60_000))
    assert "different names" in refusal(f"<testsuite name='a'>{text}</testsuite>")


@pytest.mark.parametrize(
    "inside",
    [
        "<testcase><testcase/></testcase>",
        "<testcase><testsuite name='b'/></testcase>",
        "<system-out><testcase/></system-out>",
        "<testsuites/>",
    ],
)
def test_elements_where_none_belong_are_refused(inside: str) -> None:
    assert "none belongs, at line 1" in refusal(f"<testsuite name='a'>{inside}</testsuite>")


@pytest.mark.parametrize("time", ["soon", "inf", "nan"])
def test_a_time_that_is_not_a_number_of_seconds_is_refused(time: str) -> None:
    assert "time" in refusal(f'<testsuite name="a"><testcase time="{time}"/></testsuite>')


def test_two_different_commits_are_refused() -> None:
    text = '<property name="commit" value="{}"/>'
    both = text.format("0a1b2c3d") + text.format("ffffffff")
    said = refusal(f'<testsuite name="a"><properties>{both}</properties></testsuite>')
    assert "names two commits, 0a1b2c3d and ffffffff" in said


@given(
    st.sampled_from(GOLDENS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_report_with_any_bytes_changed_is_read_or_refused(
    data: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(data)
    for position, byte in changes:
        changed[position % len(changed)] = byte
    with suppress(InvalidInput):
        read_report(BytesIO(bytes(changed)), "report.xml")
