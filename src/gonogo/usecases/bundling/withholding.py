"""What must not leave the desk, found wherever it may stand in a text.

A bundle is built only from parts of the plan that hold no secret. But people and programs repeat
things: a reason may quote an error that quotes a database's address. So every text of a bundle is
looked through for the values that this service keeps to itself.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from gonogo.domain.plan import HttpSmoke, Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import Release

WITHHELD = "[withheld]"
_SHORTEST = 6
"""Shorter values stand in too many texts by chance to be looked for."""
_TELLING = re.compile(
    r"secret|token|passw|passphrase|pwd|key|credential|auth|cookie|dsn", re.IGNORECASE
)
_ORDINARY = re.compile(r"[A-Za-z_. -]*|[0-9.]*")
_IN_ADDRESS = re.compile(r"(?P<before>[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/@:]*):(?P<password>[^\s/@]+)@")

_IN_QUERY = re.compile(
    r"[?&](?:password|pwd|token|secret|key)=(?P<password>[^\s&]+)", re.IGNORECASE
)


def secrets_of(release: Release, registration: Registration | None) -> tuple[str, ...]:
    """Values of this service that must not be shown, the longest first.

    What a bundle says openly (the version, for one) is none, although a variable may repeat it.
    """
    plan = release.plan
    places = plan.environments
    said = {release.service, release.version, release.commit, release.previous, plan.digest}
    said |= {place.name for place in places} | {place.url for place in places}
    values = list(_values(plan))
    if registration is not None:
        values += [*_values(registration.plan), registration.tester_secret]
    found = {value for value in values if len(value) >= _SHORTEST and value not in said}
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def _values(plan: Plan) -> Iterator[str]:
    for environment in plan.environments:
        yield from _of_variables(environment.variables.items())
        yield from _passwords(environment.database_url or "")
    if plan.migrations is not None:
        rehearsal = plan.migrations.rehearsal
        yield from _of_variables(rehearsal.variables.items())
        yield from _passwords(rehearsal.database_url or "")
    for test in plan.smoke:
        if isinstance(test, HttpSmoke):
            yield from _of_variables(test.headers.items())


def _of_variables(variables: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Ordinary words and numbers are settings, unless the name says that they are more."""
    for name, value in variables:
        if _TELLING.search(name) or not _ORDINARY.fullmatch(value):
            yield value
        yield from _passwords(value)


def _passwords(text: str) -> Iterator[str]:
    for pattern in (_IN_ADDRESS, _IN_QUERY):
        for found in pattern.finditer(text):
            yield found["password"]
            yield unquote(found["password"])


def without(value: Any, secrets: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON value
    """Plain data in which every secret is replaced, also the password of any address."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, WITHHELD)
        return _IN_ADDRESS.sub(rf"\g<before>:{WITHHELD}@", value)
    if isinstance(value, dict):
        return {key: without(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [without(each, secrets) for each in value]
    return value


def holds_any(value: Any, secrets: tuple[str, ...]) -> bool:  # noqa: ANN401 - any JSON value
    """Whether plain data would be changed by `without`."""
    return json.dumps(without(value, secrets)) != json.dumps(value)
