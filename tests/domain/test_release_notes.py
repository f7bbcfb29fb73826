"""Release notes drafted from commits, and the version number that fits them."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from gonogo.domain.change import CommitNote, Merge
from gonogo.domain.release_notes import (
    SemVer,
    fit,
    nearest_below,
    notes_of,
    parse_version,
    read_commit,
    render,
    summary,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)


def commit(subject: str, body: str = "", name: str = "a1b2c3d4e5") -> CommitNote:
    return CommitNote(name, "Mika", "mika@example.invalid", AT, subject, body)


def test_a_conventional_subject_is_taken_apart() -> None:
    read = read_commit(commit("feat(export)!: write rows as a stream"))
    assert (read.type, read.scope, read.said) == ("feat", "export", "write rows as a stream")
    assert read.breaking == "write rows as a stream"
    assert read.line == "**export:** write rows as a stream (a1b2c3d)"


@pytest.mark.parametrize("key", ["BREAKING CHANGE", "BREAKING-CHANGE"])
def test_a_breaking_footer_says_what_breaks(key: str) -> None:
    read = read_commit(commit("fix: refuse empty orders", f"Why.\n\n{key}: 422 instead of 400\n"))
    assert read.breaking == "422 instead of 400"


@pytest.mark.parametrize("subject", ["Update things", "see https://x: y", "", "feat:missing blank"])
def test_any_other_subject_is_listed_under_other(subject: str) -> None:
    notes = notes_of([commit(subject)])
    assert "### Other" in render(notes)


def test_breaking_changes_stand_first_and_sections_in_order() -> None:
    text = render(
        notes_of(
            [
                commit("chore: tidy"),
                commit("perf: fewer queries"),
                commit("fix: rounding"),
                commit("feat!: new ids"),
            ]
        )
    )
    titles = [line for line in text.splitlines() if line.startswith("###")]
    assert titles == [
        "### Breaking changes",
        "### Features",
        "### Fixes",
        "### Performance",
        "### Other",
    ]


def test_merges_are_named_and_not_listed_as_changes() -> None:
    merge = commit("Merge branch 'feature/export'", name="f" * 40)
    notes = notes_of([merge, commit("feat: export")], [Merge(merge, "feature/export", ())])
    assert notes.merges == ("feature/export (fffffff)",)
    assert summary(notes) == "1 feature"


@pytest.mark.parametrize(
    ("version", "previous", "subjects", "said"),
    [
        ("v1.2.1", "v1.2.0", ["feat: x"], "v1.2.1 has a feature: v1.3.0 would fit"),
        ("v1.3.0", "v1.2.0", ["feat!: x"], "v1.3.0 has a breaking change: v2.0.0 would fit"),
        ("v1.3.0", "v1.2.0", ["feat: x"], ""),
        ("v2.0.0", "v1.2.0", ["fix: x"], ""),
        ("1.2.1", "1.2.0", ["fix: x"], ""),
        ("v0.3.0", "v0.2.9", ["feat!: x"], ""),
        ("v0.2.10", "v0.2.9", ["feat!: x"], "v0.2.10 has a breaking change: v0.3.0 would fit"),
        ("v1.2.0", "v1.2.0", ["fix: x"], "v1.2.0 does not come after v1.2.0: v1.2.1 would fit"),
        ("v1.3.0-rc.1", "v1.2.0", ["feat: x"], ""),
        ("v1.3.0", "v1.3.0-rc.1", ["feat: x"], ""),
        ("build-17", "v1.2.0", [], "build-17 is not a SemVer number, so what changed cannot be"),
        ("v1.2.0", None, ["feat!: x"], ""),
    ],
)
def test_a_tag_that_is_too_small_for_its_changes_is_told_with_one_that_fits(
    version: str, previous: str | None, subjects: list[str], said: str
) -> None:
    found = fit(version, previous, notes_of([commit(subject) for subject in subjects]))
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_versions_are_ordered_as_semver_says() -> None:
    tags = (
        "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.0.1 1.10.0"
    )
    found = [parse_version(tag) for tag in tags.split()]
    assert all(isinstance(one, SemVer) for one in found)
    assert all(low < high for low, high in pairwise(found))


@pytest.mark.parametrize("tag", ["1.2", "v01.2.3", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "latest"])
def test_what_is_no_semver_is_not_read_as_one(tag: str) -> None:
    assert parse_version(tag) is None


def test_the_version_before_is_the_highest_finished_one_below() -> None:
    tags = ["v1.2.0", "v1.10.0", "v1.9.0", "v1.11.0-rc.1", "nightly", "v2.0.0"]
    assert nearest_below("v1.11.0", tags) == "v1.10.0"
    assert nearest_below("v1.2.0", tags) is None
