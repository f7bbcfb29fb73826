"""Every format of report that is understood, in the order in which they are tried.

The user names files, not formats: the first format that recognises a file's beginning reads it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import SEEK_SET
from typing import BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.domain.evidence import Evidence
from gonogo.evidence.alert_checks import AMTOOL, PROMTOOL
from gonogo.evidence.black import BLACK
from gonogo.evidence.cobertura import COBERTURA
from gonogo.evidence.coverage_json import COVERAGE_JSON
from gonogo.evidence.cyclonedx import CYCLONEDX
from gonogo.evidence.eslint import ESLINT
from gonogo.evidence.flake8 import FLAKE8
from gonogo.evidence.format import BEGINNING, Beginning, Format, unfit
from gonogo.evidence.junit import JUNIT
from gonogo.evidence.k6 import K6
from gonogo.evidence.lcov import LCOV
from gonogo.evidence.locust import LOCUST, LOCUST_HISTORY, LOCUST_JSON
from gonogo.evidence.migrations.reader import MIGRATION_SQL
from gonogo.evidence.mypy import MYPY
from gonogo.evidence.npm_audit import NPM_AUDIT
from gonogo.evidence.pip_audit import PIP_AUDIT
from gonogo.evidence.plain import PLAIN
from gonogo.evidence.ruff import RUFF, RUFF_FORMAT, RUFF_TEXT
from gonogo.evidence.sarif import SARIF
from gonogo.evidence.tsc import TSC

LARGEST = 512 * 1024 * 1024
"""Bytes of the largest report that is read."""

FORMATS: tuple[Format, ...] = (
    JUNIT,
    COBERTURA,
    PLAIN,
    COVERAGE_JSON,
    SARIF,
    CYCLONEDX,
    NPM_AUDIT,
    PIP_AUDIT,
    ESLINT,
    K6,
    LOCUST_JSON,
    RUFF,
    LOCUST,
    LOCUST_HISTORY,
    LCOV,
    PROMTOOL,
    AMTOOL,
    RUFF_FORMAT,
    RUFF_TEXT,
    BLACK,
    MYPY,
    TSC,
    FLAKE8,
    MIGRATION_SQL,
)
"""One line for each format; narrower ones stand before wider ones."""


def detect(name: str, head: bytes) -> Format | None:
    """The format of a file with this name (folders are cut off) that begins with these bytes."""
    beginning = Beginning(_plain(name), head[:BEGINNING])
    return next((each for each in FORMATS if each.recognises(beginning)), None)


def read_report(file: BinaryIO, name: str) -> tuple[Evidence, ...]:
    """The evidence in a report; `file` can be read from its start more than once.

    Raises InvalidInput with one sentence when it is empty, larger than `LARGEST`, of no known format,
    or not what its format promises.
    """
    plain = _plain(name)
    digest, size = _fingerprint(file, plain)
    if size == 0:
        raise unfit(plain, "is empty")
    with _from_start(file):
        found = detect(plain, file.read(BEGINNING))
    if found is None:
        names = ", ".join(sorted({each.name for each in FORMATS}))
        raise unfit(plain, "is of no format that is known", hint=f"known: {names}")
    with _from_start(file):
        reading = found.read(file, plain)
    return tuple(
        Evidence(found.name, plain, digest, size, facts, reading.commit, reading.at)
        for facts in reading.facts
    )


def _plain(name: str) -> str:
    """A file's name without its folders, fit to be shown. Raises InvalidInput when none is left."""
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not plain or plain in {".", ".."} or not plain.isprintable() or len(plain) > 200:
        raise InvalidInput(f"{name[:80]!r} is not the name of a report file")
    return plain


def _fingerprint(file: BinaryIO, name: str) -> tuple[str, int]:
    digest, size = sha256(), 0
    with _from_start(file):
        while block := file.read(1 << 20):
            size += len(block)
            if size > LARGEST:
                limit = LARGEST // (1024 * 1024)
                raise unfit(name, f"is larger than {limit} MiB, the most that is read")
            digest.update(block)
    return digest.hexdigest(), size


@contextmanager
def _from_start(file: BinaryIO) -> Iterator[None]:
    file.seek(0, SEEK_SET)
    yield
