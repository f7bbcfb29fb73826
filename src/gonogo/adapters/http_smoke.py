"""Smoke tests over HTTP, and commands through whoever can run them.

Every run has connections of its own, ignores proxies of the desk's environment and follows no
redirects: what is tested is this version at this address. Answers are read up to a limit. A sentence
about a failed test never holds the value of a secret header, even when the answer repeats it.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import httpx2

from gonogo.adapters.plain_http import no_certificates
from gonogo.domain.errors import GonogoError
from gonogo.domain.placeholders import fill
from gonogo.domain.plan import CommandSmoke, HttpSmoke, Json
from gonogo.ports.smoke import SmokeOrder, SmokeResult
from gonogo.ports.workshop import Job, JobResult

LIMIT_BYTES = 1024 * 1024
_EXCERPT_CHARACTERS = 200
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_NAME = re.compile(r"authorization|cookie|token|secret|key|password", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MISSING = object()

Hide = Callable[[str], str]


class _Failed(Exception):
    """A test did not pass; the message says why."""


@dataclass(frozen=True, slots=True)
class _Request:
    """A test with its variables put in."""

    method: str
    url: str
    headers: dict[str, str]
    body: Json


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    whole: bool


class HttpSmokeRunner:
    """Runs the tests of an order one after the other.

    `run_command` runs one command in the files of a version (`Workshop.run`).
    """

    def __init__(
        self,
        run_command: Callable[[Job], Awaitable[JobResult]],
        *,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        self._run_command = run_command
        self._limit_bytes = limit_bytes

    async def run(self, order: SmokeOrder) -> tuple[SmokeResult, ...]:
        """One result for every test, in order; a test that needs what was not saved fails."""
        saved: dict[str, Json] = {}
        async with httpx2.AsyncClient(
            trust_env=False,
            verify=_certificates(order.base_url),
            timeout=None,
            headers={"User-Agent": "gonogo-smoke", "Accept-Encoding": "identity"},
        ) as client:
            return tuple([await self._one(client, order, test, saved) for test in order.tests])

    async def _one(
        self,
        client: httpx2.AsyncClient,
        order: SmokeOrder,
        test: HttpSmoke | CommandSmoke,
        saved: dict[str, Json],
    ) -> SmokeResult:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        detail = ""
        try:
            if isinstance(test, CommandSmoke):
                await self._command(order, test)
            else:
                await self._request(client, order, test, saved)
        except _Failed as failure:
            detail = str(failure)
        return SmokeResult(test.name, not detail, loop.time() - begun, detail)

    async def _command(self, order: SmokeOrder, test: CommandSmoke) -> None:
        job = Job(
            service=order.service,
            commit=order.commit,
            name=f"smoke-{test.name}",
            line=fill(test.command.line, order.placeholders),
            within=test.command.within,
            variables=order.variables,
            environment=order.environment,
        )
        hide = _hiding(order.headers.values())
        try:
            result = await self._run_command(job)
        except GonogoError as error:
            raise _Failed(hide(str(error))) from error
        if result.exit_code is None:
            limit = test.command.within.total_seconds()
            raise _Failed(f"did not end within {limit:g} s; log: {result.log_path}")
        if not result.ok:
            lines = [line for line in result.output.splitlines() if line.strip()]
            said = f": {_shortened(hide(lines[-1]))}" if lines else ""
            raise _Failed(f"ended with exit code {result.exit_code}{said}; log: {result.log_path}")

    async def _request(
        self,
        client: httpx2.AsyncClient,
        order: SmokeOrder,
        test: HttpSmoke,
        saved: dict[str, Json],
    ) -> None:
        request = _prepared(order, test, saved)
        hide = _hiding([*order.headers.values(), *_secrets(request.headers)])
        limit = test.within.total_seconds()
        try:
            async with asyncio.timeout(limit):
                answer = await self._exchange(client, request)
        except TimeoutError:
            raise _Failed(f"no whole answer within {limit:g} s") from None
        except httpx2.ConnectError as error:
            raise _Failed(f"cannot connect to {order.base_url}: {hide(str(error))}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            said = hide(str(error) or type(error).__name__)
            raise _Failed(f"the request failed: {said}") from error
        if answer.status != test.expect_status:
            raise _Failed(
                f"answered {answer.status}, expected {test.expect_status}"
                f"{_excerpt(answer.body, hide)}"
            )
        if test.expect_json is not None or test.save:
            self._check_body(answer, test, saved, hide)

    async def _exchange(self, client: httpx2.AsyncClient, request: _Request) -> _Answer:
        async with client.stream(
            request.method,
            request.url,
            headers=request.headers,
            json=request.body,
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_bytes(64 * 1024):
                body += chunk
                if len(body) > self._limit_bytes:
                    return _Answer(response.status_code, bytes(body[: self._limit_bytes]), False)
            return _Answer(response.status_code, bytes(body), True)

    def _check_body(
        self, answer: _Answer, test: HttpSmoke, saved: dict[str, Json], hide: Hide
    ) -> None:
        if not answer.whole:
            raise _Failed(f"the answer is longer than {self._limit_bytes} bytes")
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise _Failed(f"the answer is not JSON{_excerpt(answer.body, hide)}") from None
        if test.expect_json is not None:
            difference = first_difference(content, test.expect_json, hide)
            if difference is not None:
                raise _Failed(difference)
        for variable, path in test.save.items():
            value = _at(content, path)
            if value is _MISSING:
                raise _Failed(f'the answer has no "{path}" to save as ${{{variable}}}')
            saved[variable] = value


def first_difference(found: Json, expected: Json, hide: Hide = str, path: str = "$") -> str | None:
    """Where `expected` is not contained in `found`, as one sentence; None when it is.

    Objects are compared by the expected keys, lists by the expected positions, all else by value.
    `hide` takes out of a shown value what must not be seen.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        children = [(f"{path}.{key}", found.get(key, _MISSING), expected[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list):
        padded = [*found, *[_MISSING] * len(expected)]
        children = [
            (f"{path}[{index}]", padded[index], item) for index, item in enumerate(expected)
        ]
    elif found is _MISSING:
        return f"{path} is missing, expected {_shown(expected, hide)}"
    elif found != expected or isinstance(found, bool) is not isinstance(expected, bool):
        return f"{path} is {_shown(found, hide)}, expected {_shown(expected, hide)}"
    else:
        return None
    differences = (first_difference(one, other, hide, where) for where, one, other in children)
    return next((difference for difference in differences if difference is not None), None)


def _prepared(order: SmokeOrder, test: HttpSmoke, saved: Mapping[str, Json]) -> _Request:
    path = _filled(test.path, saved, lambda value: quote(_text(value), safe=""))
    headers = {name.lower(): _filled(value, saved, _text) for name, value in test.headers.items()}
    # The tester's secret header decides which version answers: a test cannot replace it.
    headers |= {name.lower(): value for name, value in order.headers.items()}
    for name, value in headers.items():
        if _CONTROL.search(value):
            raise _Failed(f'the header "{name}" would hold a control character')
    return _Request(
        test.method.upper(),
        f"{order.base_url.rstrip('/')}/{path.lstrip('/')}",
        headers,
        _filled_body(test.body, saved),
    )


def _filled(text: str, saved: Mapping[str, Json], shown: Callable[[Json], str]) -> str:
    return _VARIABLE.sub(lambda match: shown(_saved(match[1], saved)), text)


def _filled_body(body: Json, saved: Mapping[str, Json]) -> Json:
    if isinstance(body, dict):
        return {key: _filled_body(value, saved) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled_body(value, saved) for value in body]
    if isinstance(body, str):
        alone = _VARIABLE.fullmatch(body)
        # A number that was saved goes out as a number, not as text.
        return _saved(alone[1], saved) if alone else _filled(body, saved, _text)
    return body


def _saved(name: str, saved: Mapping[str, Json]) -> Json:
    if name not in saved:
        raise _Failed(f"needs ${{{name}}}, which no test before it has saved")
    return saved[name]


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _at(content: Json, path: str) -> Json:
    for key in path.removeprefix("$").strip(".").split("."):
        if isinstance(content, dict) and key in content:
            content = content[key]
        elif isinstance(content, list) and key.isdecimal() and int(key) < len(content):
            content = content[int(key)]
        else:
            return _MISSING
    return content


def _secrets(headers: Mapping[str, str]) -> set[str]:
    """Values that must not be shown, and the words in them (`Bearer abc`)."""
    values = [value for name, value in headers.items() if _SECRET_NAME.search(name)]
    return {*values, *(word for value in values for word in value.split() if len(word) > 7)}


def _hiding(secrets: Iterable[str]) -> Hide:
    """Takes the secrets out of a text; to be done before it is cut, so that no half of one is left."""
    longest_first = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "•••")
        return text

    return hide


def _excerpt(body: bytes, hide: Hide) -> str:
    text = _shortened(hide(body.decode(errors="replace")))
    return f": {text}" if text else " (its body is empty)"


def _shown(value: Json, hide: Hide) -> str:
    return _shortened(hide(json.dumps(value, ensure_ascii=False)))


def _shortened(text: str) -> str:
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= _EXCERPT_CHARACTERS else f"{line[:_EXCERPT_CHARACTERS]}…"


def _certificates(base_url: str) -> ssl.SSLContext:
    # Reading all certificates takes longer than most tests, and plain HTTP needs none.
    if base_url.startswith("https:"):
        return ssl.create_default_context()
    return no_certificates()
