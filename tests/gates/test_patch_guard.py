"""The patch guard: types of branches, counts, limits, and what the gate says."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.domain.change import Change, CommitNote, FileChange, Merge
from gonogo.domain.dossier import Dossier
from gonogo.domain.facts import Example
from gonogo.domain.gate import GateMode, GateStatus
from gonogo.domain.gate_rules import PATCH_LIMITS, PatchGuardRule, PatchLimit
from gonogo.gates.patch_guard import (
    branch_type,
    facts_of,
    is_ignored,
    largest,
    measure,
    patch_guard,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULE = PatchGuardRule()


def note(subject: str, name: str = "a" * 40) -> CommitNote:
    return CommitNote(name, "author", "author@example.invalid", NOW, subject)


def sized(files: int, lines: int) -> tuple[FileChange, ...]:
    """So many files with so many lines in all."""
    first = FileChange("f0", lines // 2, lines - lines // 2)
    return (first, *(FileChange(f"f{number}", 0, 0) for number in range(1, files)))[:files]


def merge(branch: str | None, files: int, lines: int, subject: str = "merge") -> Merge:
    return Merge(note(subject), branch, sized(files, lines))


def dossier(
    *merges: Merge, recent: tuple[Merge, ...] | None = None, change: Change | None = None
) -> Dossier:
    return Dossier("orders", "v2", "b" * 40, merges=merges, recent=recent, change=change)


@pytest.mark.parametrize("kind", PATCH_LIMITS)
def test_a_change_of_every_type_passes_at_its_limit_and_fails_one_beyond(kind: str) -> None:
    limit = PATCH_LIMITS[kind]
    at = dossier(merge(f"{kind}/x", limit.files, limit.lines))
    files = dossier(merge(f"{kind}/x", limit.files + 1, limit.lines))
    lines = dossier(merge(f"{kind}/x", limit.files, limit.lines + 1))
    found = [patch_guard(RULE, each, NOW).status for each in (at, files, lines)]
    assert found == [GateStatus.PASS, GateStatus.FAIL, GateStatus.FAIL]


def test_a_change_of_unknown_type_is_held_against_other() -> None:
    rule = replace(RULE, other=PatchLimit(1, 1))
    assert patch_guard(rule, dossier(merge("jane/x", 1, 1)), NOW).status is GateStatus.PASS
    assert patch_guard(rule, dossier(merge("jane/x", 2, 1)), NOW).status is GateStatus.FAIL


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ("hotfix/login", "hotfix"),
        ("hot-fix/login", "hotfix"),
        ("feature-x", "feature"),
        ("feature_x", "feature"),
        ("feat/x", "feature"),
        ("fix/login", "bugfix"),
        ("bug-fix/login", "bugfix"),
        ("Fix/Login", "bugfix"),
        ("refs/heads/docs/guide", "docs"),
        ("i18n", "i18n"),
        ("perf/hotfix", "perf"),
        ("features2/x", None),
        ("fixture/x", None),
        ("main", None),
        ("jane/feature/x", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_word_of_a_branch_is_its_type(branch: str | None, expected: str | None) -> None:
    assert branch_type(branch, (), RULE) == expected


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (["feat: search"], "feature"),
        (["fix(scope)!: login"], "bugfix"),
        (["Fix: login"], "bugfix"),
        (["hotfix!: login"], "hotfix"),
        (["Merged PR 12: docs: guide"], "docs"),
        (["feat: search", "chore: tidy", "wip"], "feature"),
        (["feat: search", "feat(ui): box"], "feature"),
        (["feat: search", "docs: guide"], None),
        (["chore: tidy"], None),
        (["feature search"], None),
        (["feat:search"], None),
        (["see feat: search"], None),
        ([], None),
    ],
)
def test_conventional_commits_say_the_type_where_the_branch_does_not(
    subjects: Iterable[str], expected: str | None
) -> None:
    commits = [note(subject) for subject in subjects]
    assert branch_type("jane/x", commits, RULE) == expected
    assert branch_type(None, commits, RULE) == expected


def test_the_branch_has_the_word_before_the_commits() -> None:
    assert branch_type("hotfix/x", [note("feat: search")], RULE) == "hotfix"


def test_a_type_that_the_rule_has_no_limit_for_is_no_type() -> None:
    rule = replace(RULE, limits={"spike": PatchLimit(1, 1)})
    assert branch_type("spike/x", (), rule) == "spike"
    assert branch_type("feature/x", (), rule) is None


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("yarn.lock", "**/yarn.lock", True),
        ("web/app/yarn.lock", "**/yarn.lock", True),
        ("web/yarn.lock.py", "**/yarn.lock", False),
        ("my-yarn.lock", "**/yarn.lock", False),
        ("a.lock", "*.lock", True),
        ("web/a.lock", "*.lock", False),
        ("web/a.lock", "**/*.lock", True),
        ("gen/a/b.py", "gen/**", True),
        ("gen", "gen/**", True),
        ("generated/a.py", "gen/**", False),
        ("a/x/y/b", "a/**/b", True),
        ("a/b", "a/**/b", True),
        ("a/b/c", "a/**/b", False),
        ("a/b", "*", False),
        ("file-7.txt", "file-[0-9].txt", True),
        ("Yarn.lock", "yarn.lock", False),
        ("odd\nname.lock", "*.lock", True),
    ],
)
def test_patterns_match_whole_paths(path: str, pattern: str, expected: bool) -> None:
    assert is_ignored(path, (pattern,)) is expected


def test_added_and_deleted_lines_count_and_renames_and_binaries_are_one_file() -> None:
    files = (
        FileChange("picture", 0, 0, binary=True),
        FileChange("new", 2, 1, old_path="old"),
        FileChange("a", 10, 5),
    )
    found = measure(files, RULE)
    assert (found.files, found.lines, found.ignored) == (3, 18, 0)
    assert largest(files, RULE) == (
        Example("+10 −5", "a"),
        Example("+2 −1", "new", "renamed from old"),
        Example("binary", "picture"),
    )


def test_generated_and_lock_files_are_left_out_and_counted_apart() -> None:
    files = (
        FileChange("a", 1, 0),
        FileChange("api/client.py", 900, 0, generated=True),
        FileChange("web/package-lock.json", 4000, 3000),
    )
    found = measure(files, RULE)
    assert (found.files, found.lines, found.ignored) == (1, 1, 2)


def test_a_failure_names_the_worst_change_and_says_how_many_broke_their_limits() -> None:
    result = patch_guard(
        RULE,
        dossier(
            merge("hotfix/a", 6, 10), merge("feature/search", 24, 1900), merge("feature/b", 1, 1)
        ),
        NOW,
    )
    assert result.reason == (
        "2 of 3 changes broke their limits, the worst"
        " feature/search: 24 files, limit 20; 1900 lines, limit 600"
    )
    assert (result.status, result.number, result.limit, result.unit) == (
        GateStatus.FAIL,
        2,
        0,
        "changes",
    )
    assert result.fix.startswith("split the change")


def test_a_single_change_that_fails_is_named_alone() -> None:
    result = patch_guard(RULE, dossier(merge("feature/search", 24, 812)), NOW)
    assert result.reason == "feature/search: 24 files, limit 20; 812 lines, limit 600"


def test_many_small_changes_make_a_large_release_that_passes() -> None:
    result = patch_guard(RULE, dossier(*(merge("feature/x", 20, 600) for _ in range(30))), NOW)
    assert result.status is GateStatus.PASS
    assert result.reason.startswith("all 30 changes keep their limits, the largest feature/x: 20")


def test_changes_that_could_not_be_read_are_missing_and_never_pass() -> None:
    unread = replace(dossier(), merges=None)
    assert patch_guard(RULE, unread, NOW).status is GateStatus.MISSING
    assert patch_guard(RULE, dossier(), NOW).status is GateStatus.MISSING
    assert patch_guard(RULE, unread, NOW).number is None


def test_without_merges_the_change_itself_is_judged() -> None:
    change = Change("a" * 40, "b" * 40, "hotfix/x", sized(6, 10))
    result = patch_guard(RULE, dossier(change=change), NOW)
    assert (result.status, result.reason) == (
        GateStatus.FAIL,
        "hotfix/x: 6 files, limit 5; 10 lines, limit 150",
    )
    nothing = patch_guard(RULE, dossier(change=replace(change, files=())), NOW)
    assert (nothing.status, nothing.reason) == (
        GateStatus.PASS,
        "nothing changed since the version that serves",
    )


def test_a_large_change_among_the_last_ones_is_said_and_stops_nothing() -> None:
    recent = (merge("feature/a", 1, 1), merge("hotfix/b", 6, 1), *[merge("docs/c", 1, 1)] * 8)
    result = patch_guard(RULE, dossier(merge("feature/a", 1, 1), recent=recent), NOW)
    assert result.status is GateStatus.PASS
    assert result.reason.endswith(
        "(1 of the last 10 changes broke the limits: hotfix/b: 6 files, limit 5; 1 line, limit 150)"
    )


def test_only_as_many_of_the_last_changes_are_looked_at_as_the_rule_says() -> None:
    recent = (merge("feature/a", 1, 1), merge("hotfix/b", 6, 1))
    result = patch_guard(
        replace(RULE, recent=1), dossier(merge("feature/a", 1, 1), recent=recent), NOW
    )
    assert "broke" not in result.reason


def test_a_limit_of_nothing_is_kept_by_nothing_alone() -> None:
    rule = replace(RULE, limits={"docs": PatchLimit(0, 0)})
    assert patch_guard(rule, dossier(merge("docs/x", 0, 0)), NOW).status is GateStatus.PASS
    assert patch_guard(rule, dossier(merge("docs/x", 1, 0)), NOW).status is GateStatus.FAIL


def test_a_result_carries_the_mode_owner_and_fix_of_its_rule() -> None:
    rule = replace(RULE, mode=GateMode.ADVISORY, owner="Jo", fix="ask Jo")
    result = patch_guard(rule, dossier(merge("hotfix/b", 6, 1)), NOW)
    assert (result.mode, result.owner, result.fix) == (GateMode.ADVISORY, "Jo", "ask Jo")


def test_a_change_is_evidence_with_its_type_and_counts() -> None:
    facts = facts_of(Change("a" * 40, "b" * 40, "fix/x", sized(2, 7)), RULE)
    assert (facts.branch_type, facts.files, facts.lines, facts.base) == ("bugfix", 2, 7, "a" * 40)


def test_the_guide_tells_every_limit() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "patch-guard.md").read_text()
    for kind, limit in PATCH_LIMITS.items():
        assert f"| {kind} | {limit.files} | {limit.lines} |" in guide


def test_a_first_version_is_no_change_that_could_be_too_large() -> None:
    everything = Change("", "a" * 40, None, sized(500, 90_000))
    known = Dossier("shop", "v1", "a" * 40, change=everything, merges=())
    result = patch_guard(PatchGuardRule(), known, datetime(2026, 3, 1, tzinfo=UTC))
    assert result.status is GateStatus.NOT_APPLICABLE
