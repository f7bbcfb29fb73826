"""What the patch guard says when several changes break their limits."""

from dataclasses import replace

import pytest
from tests.gates.cases import counted, dossier, held, said

from gonogo.domain.change import CommitNote, FileChange, Merge
from gonogo.domain.gate_rules import PatchGuardRule, PatchLimit
from gonogo.gates.patch_guard import FIX, branch_type, warning

RULE = PatchGuardRule()


def merge(number: int, lines: int = 700) -> Merge:
    note = CommitNote(f"{number:040}", "Dev", "dev@example.invalid", None, "merge")  # type: ignore[arg-type]
    return Merge(note, f"feature/{number}", (FileChange("a.py", lines, 0),))


def large(number: int) -> str:
    return f"feature/{number}: 1 file, limit 20; 700 lines, limit 600"


def test_a_change_that_could_not_be_read_is_missing():
    result = held(RULE, dossier(change=None))
    assert said(result) == (
        "missing",
        "the changes since the version that serves could not be read from the repository",
    )
    assert counted(result) == (None, None, "")


def test_one_large_change_is_named_alone_and_one_of_two_is_counted():
    one = held(RULE, dossier(merges=(merge(1),)))
    assert (said(one), counted(one)) == (("fail", large(1)), (1, 0, "changes"))
    two = held(RULE, dossier(merges=(merge(1), merge(2, 701))))
    assert two.reason.startswith("2 of 2 changes broke their limits, the worst feature/2")
    assert two.fix == FIX


def test_small_changes_pass_with_none_broken():
    result = held(RULE, dossier(merges=(merge(1, 5),)))
    assert (result.status, counted(result)) == ("pass", (0, 0, "changes"))
    assert result.fix == ""


def test_a_limit_of_nothing_is_broken_worst_of_all():
    rule = replace(RULE, limits={"feature": PatchLimit(0, 600)})
    empty = replace(merge(1), files=())
    result = held(rule, dossier(merges=(merge(2, 5), empty)))
    assert result.reason.startswith("1 of 2 changes broke their limits, the worst feature/2")
    assert held(rule, dossier(merges=(empty,))).status == "pass"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (2, f"2 of the last 2 changes broke the limits: {large(0)}; {large(1)}"),
        (3, f"3 of the last 3 changes broke the limits: {large(0)}; {large(1)}; {large(2)}"),
        (
            4,
            "4 of the last 4 changes broke the limits:"
            f" {large(0)}; {large(1)}; {large(2)}; and 1 more",
        ),
    ],
)
def test_the_warning_names_three_changes_and_how_many_more(number, told):
    assert warning(RULE, tuple(merge(each) for each in range(number))) == told


def test_a_type_of_branch_is_read_with_whatever_joins_its_words():
    assert branch_type("hot_fix/login", (), RULE) == branch_type("hot-fix/login", (), RULE)
