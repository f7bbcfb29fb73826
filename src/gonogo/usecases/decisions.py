"""What a release's gates said, and what they would say of a version now."""

from typing import Any

from gonogo.domain.gate import Decision
from gonogo.gates.written import decision_data


def decision_view(decision: Decision) -> dict[str, Any]:
    """A decision as plain data for JSON."""
    return decision_data(decision)
