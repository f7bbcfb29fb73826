"""The judge's memory as bytes, exactly, and back; bytes of anything else are refused."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np

from gonogo.domain.errors import InvalidInput
from gonogo.domain.gauge import Gauge
from gonogo.judge import alternatives, onset, past
from gonogo.judge.gauges import GaugeMemories, GaugeMemory, begin_gauges
from gonogo.judge.kpi_tests import Tests
from gonogo.judge.memory import Memory
from gonogo.judge.plan import JudgePlan

_MAGIC = b"gonogo judge 1\n"
_MAGIC_OF_ALL = b"gonogo judge and gauges 1\n"
_DIGEST = hashlib.sha256().digest_size
_LENGTH = 8  # bytes that say how long the first part is


@dataclass(frozen=True, slots=True)
class Recollection:
    """All that judging a release goes on with: rates, gauges, and when the baseline was gone."""

    memory: Memory
    gauges: GaugeMemories = ()
    promoted_at: datetime | None = None


def encode_all(found: Recollection) -> bytes:
    """Magic, length of the rates' part, that part, SHA-256 of the rest, the rest as JSON."""
    rates = encode(found.memory)
    rest = json.dumps(
        {
            "gauges": {memory.gauge.name: _plain(memory) for memory in found.gauges},
            "promoted_at": found.promoted_at.isoformat() if found.promoted_at else None,
        }
    ).encode()
    length = len(rates).to_bytes(_LENGTH, "little")
    return _MAGIC_OF_ALL + length + rates + hashlib.sha256(rest).digest() + rest


def decode_all(plan: JudgePlan, gauges: Sequence[Gauge], data: bytes) -> Recollection:
    """What `encode_all` was given; of what `encode` wrote, the rates. InvalidInput as `decode`."""
    if not data.startswith(_MAGIC_OF_ALL):
        return Recollection(decode(plan, data), begin_gauges(gauges))
    start = len(_MAGIC_OF_ALL) + _LENGTH
    end = start + int.from_bytes(data[len(_MAGIC_OF_ALL) : start], "little")
    memory = decode(plan, data[start:end])
    rest = data[end + _DIGEST :]
    if data[end : end + _DIGEST] != hashlib.sha256(rest).digest():
        raise InvalidInput("the stored memory of gauges is damaged: its checksum does not match")
    found = json.loads(rest)
    promoted = found["promoted_at"]
    return Recollection(
        memory,
        tuple(_gauge(gauge, found["gauges"].get(gauge.name)) for gauge in gauges),
        datetime.fromisoformat(promoted) if promoted else None,
    )


_TIMES = ("at", "beyond_since", "within_since")
_OTHERS = ("value", "worst", "trouble", "gap", "failed")


def _plain(memory: GaugeMemory) -> dict[str, Any]:
    times = {name: getattr(memory, name) for name in _TIMES}
    shown = {name: at.isoformat() if at else None for name, at in times.items()}
    return shown | {name: getattr(memory, name) for name in _OTHERS}


def _gauge(gauge: Gauge, found: Mapping[str, Any] | None) -> GaugeMemory:
    if found is None:
        return GaugeMemory(gauge)
    values: dict[str, Any] = {name: found[name] for name in _OTHERS}
    for name in _TIMES:
        values[name] = datetime.fromisoformat(found[name]) if found[name] else None
    return GaugeMemory(gauge, **values)


def encode(memory: Memory) -> bytes:
    """Magic, digest of plan and grids, digest of the numbers, the numbers (little-endian float64)."""
    body = memory.values.astype("<f8").tobytes()
    return _MAGIC + _fingerprint(memory.tests.plan) + hashlib.sha256(body).digest() + body


def decode(plan: JudgePlan, data: bytes) -> Memory:
    """The memory that `encode` was given. InvalidInput: another format, another plan, damaged."""
    if not data.startswith(_MAGIC):
        raise InvalidInput(
            "the stored memory of the judge is in a format that this version cannot read"
        )
    tests = Tests(plan)
    rest = data[len(_MAGIC) :]
    if rest[:_DIGEST] != _fingerprint(plan):
        raise InvalidInput(
            "the stored memory of the judge belongs to another plan, attempt or version of the judge"
        )
    body = rest[2 * _DIGEST :]
    shape = (len(tests.kpis), tests.width)
    if (
        rest[_DIGEST : 2 * _DIGEST] != hashlib.sha256(body).digest()
        or len(body) != 8 * shape[0] * shape[1]
    ):
        raise InvalidInput("the stored memory of the judge is damaged: its checksum does not match")
    return Memory(tests, np.frombuffer(body, dtype="<f8").astype(np.float64).reshape(shape))


@lru_cache(maxsize=64)
def _fingerprint(plan: JudgePlan) -> bytes:
    grids = (
        alternatives.MULTIPLES,
        alternatives.SHARES,
        (alternatives.WORST, alternatives.LEAST_MULTIPLE, alternatives.MOST_TOLERATED),
        (alternatives.LEVELS, alternatives.GUESS_BAD, alternatives.GUESS_TOTAL),
        alternatives.OUTAGE_BASELINE,
        alternatives.HIGHEST,
        alternatives.ODDS,
        alternatives.RATIOS.tolist(),
        (onset.FIRST, onset.LATER, onset.SCALE, onset.FADE),
        past.HALF,
    )
    return hashlib.sha256(repr((plan, grids)).encode()).digest()
