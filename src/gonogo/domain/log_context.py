"""Which request and which release the code that runs now is about, for whoever writes a line of log.

Set where a request comes in and where a release is taken up; a task that is started inherits both.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_REQUEST: ContextVar[str] = ContextVar("request", default="")
_RELEASE: ContextVar[str] = ContextVar("release", default="")


@contextmanager
def about_request(request: str) -> Iterator[None]:
    """What runs inside belongs to this request and, until it says so, to no release."""
    asked, released = _REQUEST.set(request), _RELEASE.set("")
    try:
        yield
    finally:
        _RELEASE.reset(released)
        _REQUEST.reset(asked)


def now_about_release(release: str) -> None:
    """What runs from here on in this task belongs to this release."""
    _RELEASE.set(release)


def request_id() -> str:
    """The id of the request that is answered now; empty outside of one."""
    return _REQUEST.get()


def log_context() -> Mapping[str, str]:
    """What every line of log should carry: `request` and `release`, those that are known."""
    found = {"request": _REQUEST.get(), "release": _RELEASE.get()}
    return {name: value for name, value in found.items() if value}
