"""The judge's memory as bytes, exactly, and back; bytes of anything else are refused."""

import hashlib
from functools import lru_cache

import numpy as np

from gonogo.domain.errors import InvalidInput
from gonogo.judge import alternatives, onset
from gonogo.judge.memory import Memory, Tests
from gonogo.judge.plan import JudgePlan

_MAGIC = b"gonogo judge 1\n"
_DIGEST = hashlib.sha256().digest_size


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
    )
    return hashlib.sha256(repr((plan, grids)).encode()).digest()
