"""gonogo.yaml → domain values.

`load` reads a spec, `json_schema` describes it to editors, `SpecError` says what is wrong and where.
YAML and validation libraries are imported by the first call, not by this import.
"""

from typing import Any

from gonogo.domain.plan import Plan
from gonogo.spec.problem import Mark, Problem, SpecError

__all__ = ["Mark", "Plan", "Problem", "SpecError", "json_schema", "load"]


def load(text: str | bytes, path: str = "gonogo.yaml") -> Plan:
    """The plan that this spec file describes; `path` is how messages name the file.

    `Plan.digest` is the SHA-256 of the text (as UTF-8). Raises SpecError, and nothing else.
    """
    from gonogo.spec.reading import read

    return read(text, path)


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of gonogo.yaml."""
    from gonogo.spec.schema import build

    return build()
