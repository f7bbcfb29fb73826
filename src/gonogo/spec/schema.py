"""The JSON Schema of gonogo.yaml, made from the same models that read it."""

from typing import Any

from gonogo.domain.plan import Json
from gonogo.spec.shape import SpecPart


def build() -> dict[str, Any]:
    """Draft 2020-12, with descriptions and examples for editors."""
    schema: dict[str, Any] = _clean(SpecPart.model_json_schema(mode="validation"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "gonogo.yaml",
    }


def _clean(node: Json) -> Json:
    """Without what only Python knows: null as "not given", names of classes."""
    if isinstance(node, list):
        return [_clean(item) for item in node]
    if not isinstance(node, dict):
        return node
    cleaned = {key: _clean(value) for key, value in node.items() if not _of_python(key, value)}
    choices = cleaned.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        kept = [choice for choice in choices if choice != {"type": "null"}]
        del cleaned["anyOf"]
        return {**kept[0], **cleaned} if len(kept) == 1 else {**cleaned, "anyOf": kept}
    return cleaned


def _of_python(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (
        key == "default" and value in (None, [], {})
    )
