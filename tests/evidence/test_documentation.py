"""docs/evidence.md names every format, and its examples are read as it says."""

import re
from pathlib import Path

import pytest
from tests.evidence.reading import read

from gonogo.evidence.formats import FORMATS
from gonogo.evidence.plain import SUBJECTS

PAGE = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("name", [each.name for each in FORMATS])
def test_every_format_has_a_row_with_what_it_gives_how_it_is_made_and_what_it_says(name):
    (row,) = re.findall(rf"^\| `{re.escape(name)}` \|(.*)\|$", PAGE, re.MULTILINE)
    assert len(row.split(" | ")) == 3


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_of_our_own_form_has_a_row(subject):
    assert f"\n| `{subject}` | " in PAGE


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_read(example):
    assert [each.format for each in read(example.encode(), "example.json")] == ["gonogo"]
