"""docs/gates.md speaks of every gate and every status."""

import re
from pathlib import Path

from gonogo.domain.gate import GateKind, GateStatus
from gonogo.gates.table import GATES

PAGE = Path(__file__).parents[2].joinpath("docs", "gates.md")


def test_every_kind_of_gate_and_what_it_asks_is_in_the_documentation():
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert list(rows) == [kind.value for kind in GateKind]
    for kind, gate in GATES.items():
        first = re.split(r"[:?]", rows[kind.value])[0].split(",")[0]
        assert gate.asks.startswith(first)


def test_every_status_is_in_the_documentation():
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"\n| {status.value} |" in text for status in GateStatus)
