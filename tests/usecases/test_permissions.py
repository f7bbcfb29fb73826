"""Who may do what, written out beside the table that the program reads."""

import pytest

from gonogo.domain.actor import DESK, Actor, Role
from gonogo.domain.errors import NotAllowed
from gonogo.usecases.permissions import PERMISSIONS, Deed, allow, may

# One letter for each role that may: Owner, Admin, deVops, Qa, tech Lead, Security, Product,
# developer (E), viewer (W), Ci; the Desk itself (K) does nothing through use cases.
LETTERS = {
    "O": Role.OWNER,
    "A": Role.ADMIN,
    "V": Role.DEVOPS,
    "Q": Role.QA,
    "L": Role.TECH_LEAD,
    "S": Role.SECURITY,
    "P": Role.PRODUCT,
    "E": Role.DEVELOPER,
    "W": Role.VIEWER,
    "C": Role.CI,
    "K": Role.DESK,
}
MATRIX = {
    "look": "O A V Q L S P E W C .",
    "register a service": "O A V . . . . . . . .",
    "adopt a running service": "O A V . . . . . . . .",
    "start a release": "O A V . L . . . . . .",
    "pause or resume a release": "O A V Q L . . . . . .",
    "abort a release": "O A V Q L . . . . . .",
    "take a release back": "O A V Q L S . . . . .",
    "say how an open step ended": "O A V . . . . . . . .",
    "verify a release in production": "O A V Q . . . . . . .",
    "supply evidence": "O A V Q L S P E . C .",
    "hand a version over": "O A . Q L . . . . . .",
    "acknowledge a handoff": "O A V . . . . . . . .",
    "sign a version off": ". . V Q L S P . . . .",
    "waive a gate": "O A . . L S . . . . .",
    "tick a checklist": "O A V Q L S P E . . .",
    "freeze or unfreeze releases": "O A V . L S P . . . .",
    "hold messages back or send them again": "O A V . L . P . . . .",
    "manage people and tokens": "O A . . . . . . . . .",
    "manage the desk's keys": "O A . . . . . . . . .",
    "stop the desk": "O A . . . . . . . . .",
}


def test_every_deed_and_every_role_stands_in_the_matrix():
    assert set(MATRIX) == {deed.value for deed in Deed}
    assert set(LETTERS.values()) == set(Role)
    assert set(PERMISSIONS) == set(Deed)


@pytest.mark.parametrize("deed", Deed)
def test_a_deed_is_allowed_to_these_roles_and_to_no_other(deed: Deed):
    allowed = {role for role in Role if may(Actor("x", frozenset({role})), deed)}
    assert allowed == {LETTERS[mark] for mark in MATRIX[deed.value].split() if mark != "."}


@pytest.mark.parametrize("deed", Deed)
def test_nobody_without_a_role_may_do_anything_nor_does_the_desk_itself(deed: Deed):
    assert not may(Actor("x", frozenset()), deed)
    assert not may(DESK, deed)


def test_several_roles_allow_what_any_of_them_allows():
    both = Actor("x", frozenset({Role.VIEWER, Role.CI}))
    assert [deed for deed in Deed if may(both, deed)] == [Deed.LOOK, Deed.SUPPLY_EVIDENCE]


def test_a_refusal_names_who_asks_as_what_and_who_may():
    with pytest.raises(NotAllowed) as refusal:
        allow(Actor("quinn", frozenset({Role.QA})), Deed.STOP)
    assert str(refusal.value) == "quinn (QA) may not stop the desk; these may: owner, admin"
