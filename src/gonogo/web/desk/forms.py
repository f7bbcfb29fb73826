"""What a page's form sends, what is done with it, and how its refusal comes back.

Guarantees: sending the same form twice does its work once (the second time is known by who sent what
to where, and the key that the form was shown with); a body that is too long or no form is refused; a
refusal says what is wrong and keeps everything that was typed.

A page that takes forms reads a `Submission`, and `follow`s it: the deed, where to go on when it is
done, and how the page is shown again when it is refused.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import (
    Conflict,
    GonogoError,
    InvalidInput,
    NeedsPerson,
    NotAllowed,
    NotFound,
    StaleLease,
    TooManyTries,
    Unavailable,
)
from gonogo.language.formats import latin
from gonogo.usecases.context import Context
from gonogo.web.desk.visitor import Visitor

MOST_FIELDS = 400
LONGEST_FIELD = 100_000
_Done = TypeVar("_Done")
_NOT_SAID = frozenset({"csrf_token"})
_STATUS: Mapping[type[GonogoError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Conflict: 409,
    NeedsPerson: 409,
    StaleLease: 409,
    NotAllowed: 403,
    TooManyTries: 429,
    Unavailable: 503,
}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once."""

    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """What was typed, without blanks around it; empty when nothing was."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A whole number in any digits that people type; None when there is none."""
        return whole_number(self.text(name))

    def lines(self, name: str) -> tuple[str, ...]:
        """What was typed line by line, empty lines left out."""
        return tuple(line.strip() for line in self.text(name).splitlines() if line.strip())

    def role(self, name: str, otherwise: str) -> Role:
        """The role that was chosen. Raises InvalidInput, which says `otherwise`, where it is none."""
        chosen = self.text(name)
        if chosen not in set(Role):
            raise InvalidInput(otherwise)
        return Role(chosen)


def whole_number(typed: str) -> int | None:
    """A whole number in any digits that people type; None for what is none, or too long for one."""
    text = latin(typed.strip())
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not followed. `form` names it, so that it is shown open again; `typed` fills it."""

    message: str
    hint: str
    status: int
    form: str
    typed: Mapping[str, str]

    @classmethod
    def of(cls, error: GonogoError, form: str, typed: Mapping[str, str]) -> "Refusal":
        """The refusal that an error is; hints for the command line are left out."""
        hint = error.hint or ""
        told = "" if "gonogo " in hint or "--" in hint else hint
        return cls(str(error), told, status_of(error), form, typed)


@dataclass(frozen=True, slots=True)
class Submission:
    """A form as a visitor sent it. What is stored in `context` is stored once, however often it is sent."""

    context: Context
    visitor: Visitor
    form: Form

    @property
    def actor(self) -> Actor:
        """Who sent it."""
        return self.visitor.actor

    @classmethod
    async def read(cls, context: Context, request: Request, visitor: Visitor) -> "Submission":
        """What a request sends. Raises InvalidInput for what is no form."""
        form = await read_form(request)
        return cls(once(context, visitor.actor, request, form), visitor, form)

    async def follow(
        self,
        name: str,
        deed: Awaitable[_Done],
        *,
        onward: str | Callable[[_Done], Awaitable[str]],
        again: Callable[[Refusal], Awaitable[Response]],
    ) -> Response:
        """Do the deed of the form `name` and send the browser `onward`: to an address, or to the one
        that is found for what was done. What is refused shows the page `again`.

        Only the deed can be refused: what fails once it is done must not ask for it a second time.
        """
        try:
            done = await deed
        except GonogoError as error:
            return await again(Refusal.of(error, name, self.form.fields))
        address = onward if isinstance(onward, str) else await onward(done)
        return RedirectResponse(address, 303)


def status_of(error: GonogoError) -> int:
    """The status of a page that says this, as the API has it."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


async def read_form(request: Request) -> Form:
    """The form of a request. Raises InvalidInput for anything else."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInput("this address takes forms only")
    sent = await request.form(max_files=0, max_fields=MOST_FIELDS)
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    for name, value in fields.items():
        if "\0" in name or "\0" in value:
            raise InvalidInput("a form does not hold the character NUL")
        if len(value) > LONGEST_FIELD:
            raise InvalidInput(
                f"{name[:40]} has {len(value)} characters, the limit is {LONGEST_FIELD}"
            )
    return Form({name: value.replace("\r\n", "\n") for name, value in fields.items()})


def once(context: Context, actor: Actor, request: Request, form: Form) -> Context:
    """The context in which what is stored gets an id that the same form has when it is sent again.

    Every store keeps what it knows under an id as it is, so the second time changes nothing.
    """
    said = {name: value for name, value in form.fields.items() if name not in _NOT_SAID}
    parts = [actor.name, request.url.path, sorted(said.items())]
    text = json.dumps(parts, ensure_ascii=True)
    identity = hashlib.sha256(text.encode()).hexdigest()[:32]
    return replace(context, new_id=lambda: identity)
