"""What the readers of coverage make of real reports, and what they refuse."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.domain.errors import InvalidInput
from gonogo.domain.evidence import Evidence
from gonogo.domain.facts import CoverageFacts, FileCoverage
from gonogo.evidence import coverage_json
from gonogo.evidence.coverage_lines import ranges
from gonogo.evidence.formats import detect, read_report

REPORTS = Path(__file__).with_name("reports")
GOLDENS = [
    *(path.read_bytes() for path in sorted(REPORTS.glob("coverage.py/*"))),
    *(path.read_bytes() for path in sorted(REPORTS.glob("*/*lcov*"))),
    *(path.read_bytes() for path in sorted(REPORTS.glob("*/cobertura.xml"))),
]
XML = '<coverage line-rate="1" lines-valid="{}">{}</coverage>'
CLASS = '<packages><package><classes><class filename="{}">{}</class></classes></package></packages>'


def evidence(data: str | bytes, name: str = "report") -> Evidence:
    (found,) = read_report(BytesIO(data.encode() if isinstance(data, str) else data), name)
    return found


def golden(name: str) -> Evidence:
    return evidence((REPORTS / name).read_bytes(), name)


def facts(data: str | bytes) -> CoverageFacts:
    return evidence(data).facts


def refusal(data: str | bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        evidence(data)
    return str(caught.value)


def lines_xml(*lines: tuple[int, int]) -> str:
    inside = "".join(f'<line number="{number}" hits="{hits}"/>' for number, hits in lines)
    return f"<lines>{inside}</lines>"


def python_files(folder: str) -> tuple[FileCoverage, ...]:
    return (
        FileCoverage(f"{folder}src/orders/__init__.py", (), ()),
        FileCoverage(
            f"{folder}src/orders/prices.py",
            ((1, 2), (4, 5), (7, 7), (10, 13)),
            ((3, 3), (6, 6)),
        ),
        FileCoverage(f"{folder}src/orders/unused.py", (), ((1, 2),)),
    )


@pytest.mark.parametrize(
    ("name", "format_name", "folder"),
    [
        ("coverage.py/coverage.xml", "cobertura", "/build/orders/"),
        ("coverage.py/coverage.json", "coverage-json", ""),
        ("coverage.py/coverage.lcov", "lcov", ""),
    ],
)
def test_one_run_of_coverage_py_reads_the_same_in_its_three_formats(
    name: str, format_name: str, folder: str
) -> None:
    found = golden(name)
    assert found.format == format_name
    assert found.facts == CoverageFacts(9, 13, python_files(folder))


@pytest.mark.parametrize("name", ["gcovr/cobertura.xml", "gcovr/coverage.lcov"])
def test_gcovr_reads_the_same_in_both_formats(name: str) -> None:
    file = FileCoverage("/build/orders/p.c", ((1, 2), (5, 5), (7, 7)), ((3, 3),))
    assert golden(name).facts == CoverageFacts(4, 5, (file,))


@pytest.mark.parametrize(
    ("name", "covered", "total"),
    [("c8/cobertura.xml", 8, 10), ("c8/lcov.info", 8, 10), ("node/coverage.lcov", 29, 31)],
)
def test_reports_of_node_tools_are_read(name: str, covered: int, total: int) -> None:
    found = golden(name).facts
    assert (found.covered, found.total) == (covered, total)
    assert next(f for f in found.files if f.path.endswith("prices.js")).missed == ((4, 5),)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("coverage.py/coverage.xml", datetime(2026, 11, 22, 3, 51, 39, 588000, tzinfo=UTC)),
        ("gcovr/cobertura.xml", datetime(2026, 11, 22, 3, 54, 36, tzinfo=UTC)),
        ("coverage.py/coverage.json", None),
        ("node/coverage.lcov", None),
    ],
)
def test_only_cobertura_says_when_it_was_made(name: str, at: datetime | None) -> None:
    assert golden(name).at == at


@pytest.mark.parametrize("stamp", ["0", "", "yesterday", "99999999999999999999"])
def test_a_timestamp_that_is_none_leaves_the_time_unknown(stamp: str) -> None:
    assert evidence(f'<coverage line-rate="1" timestamp="{stamp}"/>').at is None


def test_a_report_with_no_measurable_line_is_read_with_a_total_of_zero() -> None:
    assert facts(XML.format(0, "")) == CoverageFacts(0, 0)
    assert facts("SF:a.py\nend_of_record\n").total == 0


def test_a_file_in_several_places_is_put_together() -> None:
    text = "TN:one\nSF:./a.c\nDA:1,1\nDA:2,0\nDA:3,0\nend_of_record\n"
    text += "TN:two\nSF:a.c\nDA:2,4\nDA:3,0\nend_of_record\n"
    assert facts(text).files == (FileCoverage("a.c", ((1, 2),), ((3, 3),)),)
    inner = CLASS.format("A.java", lines_xml((1, 0), (2, 1)))
    outer = CLASS.format("A.java", lines_xml((1, 3), (9, 0)))
    assert facts(XML.format(3, inner + outer)).files == (
        FileCoverage("A.java", ((1, 2),), ((9, 9),)),
    )


def test_lines_of_methods_count_only_where_a_class_has_none_of_its_own() -> None:
    methods = f"<methods><method>{lines_xml((4, 1))}</method></methods>"
    assert facts(XML.format(1, CLASS.format("a", methods + lines_xml((4, 0))))).covered == 0
    assert facts(XML.format(1, CLASS.format("a", methods))).covered == 1


@pytest.mark.parametrize(
    ("sources", "path"),
    [
        (("src",), "src/a.py"),
        ((".",), "a.py"),
        (("C:\\build",), "C:/build/a.py"),
        (("/one", "/two"), "a.py"),
        ((), "a.py"),
    ],
)
def test_a_path_is_under_the_source_folder_when_there_is_just_one(
    sources: tuple[str, ...], path: str
) -> None:
    inside = "".join(f"<source>{source}</source>" for source in sources)
    text = f"<sources>{inside}</sources>" + CLASS.format("a.py", lines_xml((1, 1)))
    assert facts(XML.format(1, text)).files[0].path == path


def test_backslashes_become_slashes_and_an_absolute_path_stays() -> None:
    assert facts("SF:src\\a.c\r\nDA:1,1\r\nend_of_record\r\n").files[0].path == "src/a.c"
    text = "<sources><source>/x</source></sources>" + CLASS.format("/y/a.py", lines_xml((1, 1)))
    assert facts(XML.format(1, text)).files[0].path == "/y/a.py"


def test_a_negative_count_is_a_line_that_did_not_run_and_line_zero_is_none() -> None:
    found = facts("SF:a.c\nDA:0,7\nDA:1,-1\nDA:2,5,checksum\nend_of_record\n")
    assert (found.covered, found.total) == (1, 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_cobertura_is_read_in_the_encoding_that_it_declares(encoding: str) -> None:
    text = '<?xml version="1.0" encoding="{}"?>' + XML.format(1, CLASS.format("ä.py", ""))
    data = text.replace("lines-valid", "x").format(encoding.removesuffix("-sig")).encode(encoding)
    assert facts(data).files[0].path == "ä.py"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert facts(b"\xef\xbb\xbfSF:a.c\nDA:1,1\nend_of_record\n").total == 1
    assert facts(b"\xef\xbb\xbf" + (REPORTS / "coverage.py/coverage.json").read_bytes()).total == 13


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SF:a.c\nDA:1,1\n", "was cut off: its last record has no end_of_record"),
        ("SF:a.c\nSF:b.c\n", "has a record that does not end before line 2"),
        ("SF:a.c\nDA:1,many\n", "'DA:1,many' in line 2"),
        ("TN:\nDA:1,1\n", "'DA:1,1' in line 2"),
        ("TN:\nend_of_record\n", "'end_of_record' in line 2"),
        ("TN:\nsome words\n", "'some words' in line 2"),
        ("TN:\n", "has no file in it"),
        ("SF:a.c\nDA:3000000,1\n", "'a.c' has line 3000000"),
        (f"SF:{'a' * 5000}\n", "has a file whose path is"),
        (f"SF:{'a' * 70_000}\n", "line 1 that is longer than 65536 bytes"),
        ("SF:gr\u00f6\u00dfer.c\n".encode("latin-1"), "is not UTF-8 in line 1"),
        ("SF:a\0.c\n", "has a file whose path is"),
    ],
)
def test_lcov_is_refused_with_the_line_that_is_wrong(text: str | bytes, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (XML.format(7, ""), 'declares lines-valid="7", but has no lines'),
        (XML.format("x", ""), "has lines-valid 'x', which is no number, at line 1"),
        (XML.format(1, lines_xml((1, 1))), "has a line outside any class at line 1"),
        (XML.format(1, CLASS.format("", "")), "has a file whose path is ''"),
        (XML.format(1, CLASS.format("a", "<lines><line number='1'/></lines>")), "has hits ''"),
        (XML.format(1, "<x>" * 10_000 + "</x>" * 10_000), "nested more than 100 deep"),
        (XML.format(1, "<sources>")[:-11], "was cut off"),
        ('<!DOCTYPE coverage [<!ENTITY a "b">]>' + XML.format(0, ""), "has a DOCTYPE with decl"),
    ],
)
def test_cobertura_is_refused_with_the_place_that_is_wrong(text: str, said: str) -> None:
    assert said in refusal(text)


def test_the_coverage_of_clover_is_not_taken_for_coberturas() -> None:
    clover = b'<?xml version="1.0"?><coverage generated="1" clover="4.4"><project/></coverage>'
    assert detect("clover.xml", clover) is None


def json_report(**changes: object) -> str:
    report = json.loads((REPORTS / "coverage.py/coverage.json").read_bytes())
    report["files"]["src/orders/prices.py"].update(changes)
    return json.dumps(report)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json_report(executed_lines=[1, 2]), "declares 9 covered, but lists 2"),
        (json_report(missing_lines=[3]), "declares 2 missing, but lists 1"),
        (json_report(missing_lines=[1]), "has line 1 both executed and missing"),
        (json_report(missing_lines=[True]), "no list of line numbers as missing_lines"),
        (json_report(summary=None), "has no covered_lines and num_statements"),
        (json_report()[:-1], "is not JSON at line 1"),
        (json_report().replace('"files"', '"flies"', 1), 'has no "files"'),
        (json_report().replace("[1, 2,", "[" * 50_000), "nested too deep"),
        (json_report().replace("[1, 2,", f"[{'1' * 5000},"), "a number that is too long"),
        (json_report().encode().replace(b"prices", b"pri\xffes"), "is not UTF-8 at byte"),
    ],
)
def test_coverage_json_is_refused_with_what_is_wrong(text: str | bytes, said: str) -> None:
    assert said in refusal(text)


def test_what_coverage_py_6_lists_beyond_the_statements_is_not_counted() -> None:
    found = golden("coverage.py/version-6.json").facts
    assert (found.covered, found.total) == (22, 27)
    empty, module, _ = found.files
    assert empty == FileCoverage("e.py", (), ())
    assert module.missed == ((17, 19), (32, 32), (36, 36))


def test_totals_that_the_files_do_not_make_are_refused() -> None:
    report = json.loads(json_report())
    report["totals"]["covered_lines"] = 13
    assert "totals declares 13 of 13 covered, but its files make 9 of 13" in refusal(
        json.dumps(report)
    )


def test_coverage_json_that_would_not_fit_in_memory_is_refused_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coverage_json, "LARGEST", 1024)
    with pytest.raises(InvalidInput, match="larger than") as caught:
        evidence(json_report())
    assert caught.value.hint == "coverage lcov"


@given(st.sets(st.integers(1, 200)))
def test_ranges_hold_exactly_the_numbers_and_never_touch(numbers: set[int]) -> None:
    found = ranges(numbers)
    assert {number for first, last in found for number in range(first, last + 1)} == numbers
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


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
        evidence(bytes(changed))
