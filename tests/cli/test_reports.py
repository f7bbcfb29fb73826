"""Which files a push means."""

import os
from pathlib import Path

import pytest

from gonogo.cli import reports
from gonogo.cli.reports import find_reports
from gonogo.domain.errors import InvalidInput

JUNIT = (
    b'<testsuites><testsuite tests="1"><testcase classname="t" name="c"/></testsuite></testsuites>'
)


def put(file: Path, content: bytes = JUNIT) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def names(*paths: Path) -> tuple[list[str], list[str]]:
    found, aside = find_reports(paths)
    return [report.path.name for report in found], [path.name for path in aside]


def test_a_folder_means_the_reports_in_it_sorted_and_the_rest_is_told(tmp_path: Path) -> None:
    for name in ("b/z.xml", "b/a.xml", "a.xml.d/c.xml"):
        put(tmp_path / name)
    put(tmp_path / "notes.md", b"# notes")
    put(tmp_path / "empty.xml", b"")
    found, aside = names(tmp_path)
    assert found == ["c.xml", "a.xml", "z.xml"]
    assert aside == ["empty.xml", "notes.md"]


def test_folders_that_begin_with_a_dot_are_not_looked_into(tmp_path: Path) -> None:
    put(tmp_path / ".git" / "x.xml")
    put(tmp_path / "a.xml")
    assert names(tmp_path) == (["a.xml"], [])


def test_a_named_file_that_is_no_report_is_an_error(tmp_path: Path) -> None:
    for content in (b"# notes", b""):
        with pytest.raises(InvalidInput, match=r"notes\.md does not look like any report"):
            find_reports([put(tmp_path / "notes.md", content)])
    with pytest.raises(InvalidInput, match="is not a file or folder that is there"):
        find_reports([tmp_path / "none.xml"])


def test_a_folder_without_any_report_is_an_error(tmp_path: Path) -> None:
    put(tmp_path / "notes.md", b"# notes")
    with pytest.raises(InvalidInput, match="no file of 1 looks like a report"):
        find_reports([tmp_path])


def test_links_that_lead_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside" / "secret.xml")
    inside = put(tmp_path / "in" / "a.xml").parent
    (inside / "file.xml").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    (inside / "broken.xml").symlink_to(tmp_path / "none")
    assert names(inside) == (["a.xml"], ["file.xml"])


def test_what_is_not_a_file_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "a.xml")
    os.mkfifo(tmp_path / "pipe.xml")
    assert names(tmp_path) == (["a.xml"], [])
    with pytest.raises(InvalidInput):
        find_reports([tmp_path / "pipe.xml"])


def test_two_reports_of_one_name_are_refused_because_one_would_hide_the_other(
    tmp_path: Path,
) -> None:
    put(tmp_path / "unit" / "junit.xml")
    put(tmp_path / "e2e" / "junit.xml")
    with pytest.raises(InvalidInput, match="are junit reports of the same name"):
        find_reports([tmp_path])


def test_a_folder_with_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "_MOST_FILES", 3)
    for number in range(4):
        put(tmp_path / f"{number}.xml")
    with pytest.raises(InvalidInput, match="holds more than 3 files"):
        find_reports([tmp_path])


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "LARGEST", 1 << 20)
    with pytest.raises(InvalidInput, match="is larger than 1 MiB"):
        find_reports([put(tmp_path / "a.xml", JUNIT + b" " * (1 << 20))])
