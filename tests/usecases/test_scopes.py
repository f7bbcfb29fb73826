"""What a token can be narrowed to."""

from gonogo.domain.actor import Actor, Role, Scope
from gonogo.usecases.permissions import SCOPES, Deed, may


def test_every_deed_stands_in_one_scope() -> None:
    assert set(SCOPES) == set(Scope)
    assert sorted(deed for deeds in SCOPES.values() for deed in deeds) == sorted(Deed)


def test_a_scope_narrows_what_roles_allow_and_adds_nothing() -> None:
    for scope in Scope:
        for role in Role:
            whole = Actor("x", frozenset({role}))
            narrowed = Actor("x", frozenset({role}), scopes=frozenset({scope}))
            for deed in Deed:
                assert may(narrowed, deed) == (may(whole, deed) and deed in SCOPES[scope])
