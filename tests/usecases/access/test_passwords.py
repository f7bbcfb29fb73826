"""Which passwords are taken."""

import pytest

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.access.passwords import LONGEST, fits, plain, refuse_weak


@pytest.mark.parametrize(
    "password",
    [
        "seven geese over the weir",
        "дванадцять гусей",
        "رمز عبور خیلی بلند",
        "🦆🦢🐦🐧🦉🦅🐤🐥🦜🦚🦩🕊",
    ],
)
def test_a_long_password_in_any_script_is_taken(password: str) -> None:
    refuse_weak(password, "Quinn", "quinn@example.invalid")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("geese geese", "has 12 to 256 characters, and this one has 11"),
        ("x" * (LONGEST + 1), "has 12 to 256 characters, and this one has 257"),
        ("Password1234", "among the first that are tried"),
        ("correct horse battery staple", "among the first that are tried"),
        ("abababababab", "among the first that are tried"),
        ("quinn parker1", "little more than your own name"),
        ("QuinnParkerQuinn", "little more than your own name"),
        ("q.parker@corp", "little more than your own name"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_and_not_repeated(
    password: str, said: str
) -> None:
    with pytest.raises(InvalidInput, match=said) as refused:
        refuse_weak(password, "Quinn Parker", "q.parker@corp")
    assert password not in str(refused.value)


def test_the_same_signs_typed_differently_are_the_same_password() -> None:
    assert plain("e\u0301") == plain("\u00e9")


def test_what_grows_too_long_when_it_is_put_together_is_not_hashed() -> None:
    assert not fits("\ufdfa" * LONGEST)
    assert not fits("")
