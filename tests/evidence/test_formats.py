"""Every format: whatever bytes come in, facts or one sentence come out."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.reading import REPORTS, content, read, refusal
from tests.growth import BLOWN_UP, growth

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.format import BEGINNING, Beginning
from gonogo.evidence.formats import FORMATS, read_report

PATHS = sorted(
    str(path.relative_to(REPORTS))
    for path in REPORTS.rglob("*")
    if path.is_file() and path.name != "README.md"
)
JSON = [path for path in PATHS if path.endswith((".json", ".sarif"))]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def said_of(data: bytes, name: str) -> bool:
    """Whether there are facts or a sentence; any other exception fails the test."""
    try:
        return bool(read(data, name))
    except InvalidInput as error:
        return str(error).isprintable()


def test_every_format_has_a_name_of_its_own():
    names = [each.name for each in FORMATS]
    assert len(set(names)) == len(names)


def test_every_format_has_a_report_that_it_reads():
    seen = set()
    for path in PATHS:
        try:
            seen |= {each.format for each in read(content(path), path)}
        except InvalidInput:
            continue
    assert {each.name for each in FORMATS} <= seen


@pytest.mark.parametrize("path", JSON)
def test_a_json_report_cut_off_anywhere_is_refused(path):
    whole = content(path).rstrip()
    for cut in range(0, len(whole), max(1, len(whole) // 25)):
        assert refusal(whole[:cut], path)


@pytest.mark.parametrize("path", PATHS)
def test_a_report_cut_off_anywhere_is_read_or_refused(path):
    whole = content(path)
    for cut in range(0, len(whole), max(1, len(whole) // 25)):
        assert said_of(whole[:cut], path)


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_report_with_bytes_changed_is_read_or_refused(path, data):
    damaged = bytearray(content(path))
    places = st.integers(0, len(damaged) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    assert said_of(bytes(damaged), path)


@pytest.mark.parametrize("path", JSON)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_report_with_any_value_in_any_place_is_read_or_refused(path, data):
    document = json.loads(content(path))
    owner, keys, here = [None], [0], document
    while isinstance(here, dict | list) and here:
        if here is not document and data.draw(st.integers(0, 3)) == 0:
            break
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
        owner, here = here, here[key]
        keys.append(key)
    owner[keys[-1]] = data.draw(VALUES)
    assert said_of(json.dumps(document).encode(), path)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FORMATS), VALUES)
def test_any_json_value_is_read_or_refused_by_every_reader(reader, value):
    try:
        found = reader.read(BytesIO(json.dumps(value).encode()), "report.json")
    except InvalidInput:
        return
    assert found.facts


@pytest.mark.parametrize(
    "unit",
    [
        *(
            b" ",
            b"\n",
            b" \n",
            b"1",
            b"a:",
            b":1:1",
            b"(1,1",
            b'"\\',
            b"{",
            b"[{",
            b"<",
            b"<!--",
            b"--",
        ),
        *(b"\x1b[0", b"\xff", b"F401 x\n --> ", b"Found 1 error", b"1 file ", b"Checking a\n"),
    ],
)
def test_no_beginning_keeps_the_formats_busier_than_its_length_does(unit):
    def begun(size: int, run: int) -> Callable[[], object]:
        head = (unit * size)[: size - 1] + b"%d" % run
        return lambda: [each.recognises(Beginning("report.txt", head)) for each in FORMATS]

    assert growth(begun, BEGINNING // 4) < BLOWN_UP


@pytest.mark.parametrize("data", [b"{}", b"[]", b"null", b"0", b'""', b"\n", b"\0", b"{", b"[{}]"])
def test_what_says_nothing_is_refused(data):
    assert refusal(data)


def test_the_machines_own_folders_stand_in_no_report():
    for path in PATHS:
        assert not re.search(rb"/(?:home|root|work)/", content(path)), path


def test_a_report_says_nothing_of_the_folder_that_it_lay_in(tmp_path: Path):
    report = tmp_path / "plain.json"
    report.write_bytes(content("gonogo/drill.json"))
    with report.open("rb") as file:
        assert read_report(file, str(report))[0].name == "plain.json"
