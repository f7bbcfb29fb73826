"""The one tree of errors.

Each class says what kind of trouble it is; the edges turn the kind into an HTTP status or an exit
code. A message is one sentence for a person: what is wrong, where, the value and the limit. The
hint, where there is one, is something that can be run.
"""

from datetime import timedelta


class GonogoError(Exception):
    """Anything that gonogo itself has to say no to.

    `str(error)` is the sentence; `error.hint` is what to do about it, or None.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InvalidInput(GonogoError):
    """A file, an option or a request body is wrong; nothing was changed."""


class NotFound(GonogoError):
    """A named thing does not exist."""


class Conflict(GonogoError):
    """What was asked for does not fit the present state; nothing was changed."""


class NotAllowed(GonogoError):
    """This person may not do that."""


class TooManyTries(GonogoError):
    """Somebody tried too often; `wait` is how long until the next try counts."""

    def __init__(self, message: str, *, wait: timedelta) -> None:
        seconds = max(1, round(wait.total_seconds()))
        said = f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"
        super().__init__(f"{message}; the next one can be made in {said}")
        self.wait = wait


class StaleLease(GonogoError):
    """Another desk drives this release now; whoever gets this must stop at once."""


class Unavailable(GonogoError):
    """Something outside did not answer or is busy; the same call may succeed later."""


class OldPicture(Unavailable):
    """What was asked for follows from an older picture of the rows than `followed`, which counts."""

    def __init__(self, message: str, *, followed: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.followed = followed


class ActionFailed(GonogoError):
    """An act on the world was tried and did not do what it should; `detail` holds its last output."""

    def __init__(self, message: str, *, detail: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.detail = detail


class NeedsPerson(GonogoError):
    """No rule covers what was found; a person has to look before anything goes on."""


def sentence(error: GonogoError) -> str:
    """The error's sentence with its hint, for where both have to stand in one line."""
    return f"{error} ({error.hint})" if error.hint else str(error)
