"""in-toto statements: their types, and values as canonical JSON.

Canonical is: sorted keys, no blanks, UTF-8, no number that JSON does not have. Times are UTC in ISO
8601, spans are seconds, shares lie between 0 and 1; a number that is not finite is null.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PLAN = "urn:gonogo:plan:v1"
EVIDENCE = "urn:gonogo:evidence:v1"
PAPERS = "urn:gonogo:papers:v1"
DECISION = "urn:gonogo:decision:v1"
ROLLOUT = "urn:gonogo:rollout:v1"
AUDIT = "urn:gonogo:audit:v1"
BUNDLE = "urn:gonogo:bundle:v1"
AUDIT_HEAD = "urn:gonogo:audit-head:v1"

ONCE = (PLAN, EVIDENCE, PAPERS, DECISION, ROLLOUT, AUDIT)
"""What a bundle holds once each, in this order, after its test results and before its last line."""


def statement(
    subject: list[dict[str, Any]], predicate_type: str, predicate: Mapping[str, Any]
) -> bytes:
    """An in-toto Statement v1 as canonical JSON."""
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subject,
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def canonical(value: object) -> bytes:
    """Plain data as canonical JSON. Raises ValueError for what JSON does not have."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return text.encode()


def digest(payload: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(payload).hexdigest()


def instant(moment: datetime) -> str:
    """A time as it stands in statements and in the audit chain."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """A domain value as plain data."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        # Half a character, as a foreign report may hold it, has no UTF-8.
        return value.encode(errors="replace").decode()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date | time | timedelta):
        return _plain_time(value)
    return _plain_parts(value)


def _plain_time(value: datetime | date | time | timedelta) -> str | float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    return instant(value) if isinstance(value, datetime) else value.isoformat()


def _plain_parts(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} cannot stand in a statement")


def test_outcome(total: int, failed: int, flaky: int) -> str:
    """What a report of tests comes to: PASSED, WARNED or FAILED. Where nothing ran, nothing passed."""
    if failed or not total:
        return "FAILED"
    return "WARNED" if flaky else "PASSED"
