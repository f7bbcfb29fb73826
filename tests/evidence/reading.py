"""Reads reports as a user hands them over: a file by its name, or bytes under a name."""

import json
from io import BytesIO
from pathlib import Path

import pytest

from gonogo.domain.errors import InvalidInput, sentence
from gonogo.domain.evidence import Evidence, Facts
from gonogo.evidence.formats import read_report

REPORTS = Path(__file__).parent / "reports"


def content(path: str) -> bytes:
    """The bytes of a report below `reports`."""
    return (REPORTS / path).read_bytes()


def read(data: bytes, name: str) -> tuple[Evidence, ...]:
    """The evidence in bytes."""
    return read_report(BytesIO(data), name)


def evidence(path: str) -> tuple[Evidence, ...]:
    """The evidence in a report below `reports`."""
    return read(content(path), path)


def facts(path: str) -> Facts:
    """The facts of a report below `reports` that holds one piece of evidence."""
    (found,) = evidence(path)
    return found.facts


def document(path: str):
    """A JSON report below `reports`, to be changed."""
    return json.loads(content(path))


def refusal(data, name: str = "report") -> str:
    """Why a report is refused; what is not bytes is written as JSON."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    with pytest.raises(InvalidInput) as caught:
        read(data, name)
    return sentence(caught.value)
