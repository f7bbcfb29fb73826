"""What a page's form is told when it cannot be followed."""

from datetime import timedelta

import pytest
from fastapi import Response

from gonogo.api.problems import STATUS
from gonogo.domain.errors import GonogoError, TooManyTries, Unavailable
from gonogo.web.desk.forms import Form, Refusal, Submission, status_of


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_a_page_refuses_with_the_status_that_the_api_has(kind: type[GonogoError]) -> None:
    told = {"wait": timedelta(seconds=1)} if kind is TooManyTries else {}
    assert status_of(kind("it is so", **told)) == STATUS[kind]


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("write it as in 4h", "write it as in 4h"),
        ('add --reason "…"', ""),
        ("run `gonogo why`", ""),
    ],
)
def test_a_page_gives_no_hint_that_only_the_command_line_can_follow(hint: str, shown: str) -> None:
    refusal = Refusal.of(GonogoError("it is so", hint=hint), "freeze", {"reason": "holidays"})
    assert (refusal.hint, refusal.typed) == (shown, {"reason": "holidays"})


async def test_only_the_deed_of_a_form_can_be_refused() -> None:
    async def deed() -> int:
        return 41

    async def receipt(number: int) -> str:
        raise Unavailable(f"the number of {number} cannot be read")

    async def again(refusal: Refusal) -> Response:
        raise AssertionError("the deed is done: the page must not ask for it once more")

    submission = Submission(None, None, Form({}))
    with pytest.raises(Unavailable, match="41"):
        await submission.follow("sign", deed(), onward=receipt, again=again)
