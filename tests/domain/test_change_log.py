"""A version's section comes into a change log once, and nothing else in it changes."""

from datetime import UTC, date, datetime

import pytest

from gonogo.domain.change import CommitNote
from gonogo.domain.change_log import body_of, inserted
from gonogo.domain.release_notes import notes_of

ON = date(2026, 3, 1)
BODY = "### Added\n\n- export (a1b2c3d)"
LOG = """# Changelog

## [Unreleased]

- soon

## [1.1.0] - 2026-01-02

### Fixed

- rounding   \n
[1.1.0]: https://example.invalid/1.1.0
"""


def test_the_section_stands_between_unreleased_and_the_newest_version() -> None:
    text = inserted(LOG, "v1.2.0", ON, BODY)
    section = f"## [1.2.0] - 2026-03-01\n\n{BODY}\n\n"
    assert text == LOG.replace("## [1.1.0] -", f"{section}## [1.1.0] -")


def test_a_second_time_changes_nothing() -> None:
    once = inserted(LOG, "v1.2.0", ON, BODY)
    assert inserted(once, "v1.2.0", date(2026, 4, 1), "other") == once


def test_line_ends_are_taken_over_and_the_rest_is_kept_byte_for_byte() -> None:
    log = LOG.replace("\n", "\r\n")
    text = inserted(log, "v1.2.0", ON, BODY)
    assert "\n" not in text.replace("\r\n", "")
    place = log.index("## [1.1.0]")
    assert text.startswith(log[:place])
    assert text.endswith(log[place:])


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("## v1.1.0 (January)", "## v1.2.0 - 2026-03-01"),
        ("## 1.1.0", "## 1.2.0 - 2026-03-01"),
        ("## [v1.1.0]", "## [v1.2.0] - 2026-03-01"),
    ],
)
def test_versions_are_written_as_the_file_writes_them(heading: str, wanted: str) -> None:
    text = inserted(f"# Log\n\n{heading}\n\n- x\n", "v1.2.0", ON, BODY)
    assert text.startswith(f"# Log\n\n{wanted}\n")


def test_an_empty_file_becomes_a_change_log() -> None:
    text = inserted("", "v1.0.0", ON, BODY)
    assert text.startswith("# Changelog\n")
    assert text.index("[Unreleased]") < text.index("## [1.0.0] - 2026-03-01")
    assert text.endswith(f"{BODY}\n")


def test_without_any_version_yet_the_links_at_the_end_stay_at_the_end() -> None:
    log = "# Log\n\n## [Unreleased]\n- soon\n\n[Unreleased]: https://example.invalid\n"
    text = inserted(log, "v1.0.0", ON, BODY)
    assert text.endswith(f"{BODY}\n\n[Unreleased]: https://example.invalid\n")


def test_users_are_told_what_they_would_notice() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    subjects = ["feat(api)!: new ids", "fix: rounding", "ci: faster", "Rename a button"]
    commits = [CommitNote("a1b2c3d" * 6, "M", "m@example.invalid", at, each) for each in subjects]
    text = body_of(notes_of(commits), ("STORY-1: order tracking", "rounding"))
    assert "- STORY-1: order tracking\n- **Breaking:** **api:** new ids (a1b2c3d)" in text
    assert "- Rename a button (a1b2c3d)" in text
    assert "### Fixed\n\n- rounding" in text
    assert "faster" not in text
    assert text.count("rounding") == 1
