"""The JSON Schema tells editors what the reader accepts, and the documentation knows every key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gonogo.spec import json_schema

EXAMPLE = Path(__file__).with_name("example.yaml").read_text()
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "spec.md"


def as_editors_see_it(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def errors(text: str) -> list[str]:
    validator = Draft202012Validator(json_schema())
    return [error.message for error in validator.iter_errors(as_editors_see_it(text))]


def test_the_schema_itself_is_valid() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_schema_accepts_the_full_example() -> None:
    assert errors(EXAMPLE) == []


@pytest.mark.parametrize(
    ("good", "other"),
    [
        ("testers: {header: X-Orders-Canary}", "testers: off"),
        ("health: /health", "health: {path: /health, within: 1m}"),
        ("bad: 5xx,", "bad: 503,"),
        ("bad: 5xx,", "bad: [500-504, 429],"),
        ("at_least: 20 requests", "at_least: 20"),
        ("expect: 200", "expect: {json: [1]}"),
    ],
)
def test_the_schema_accepts_every_way_to_write_a_value(good: str, other: str) -> None:
    assert good in EXAMPLE
    assert errors(EXAMPLE.replace(good, other, 1)) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("service: orders", "servce: orders"),
        ("service: orders", "service: Orders"),
        ("watch: 45m", "watch: 45"),
        ("watch: 45m", "watch: 30 minuets"),
        ("limit: 5%, ratio: 1.2", "limit: 5, ratio: 1.2"),
        (", limit: 5%, ratio: 1.2", ""),
        ("ratio: 1.2", "ratio: 0.5"),
        ("bad: 5xx,", "bad: 6xx,"),
        ("50% for 1h30m", "50% 1h30m"),
        ("share: 25%", "share: 100%"),
        ("port: 8081", "port: 0"),
        ("health: /health", "health: health"),
        ("post: /api/v1/login", "post: /api/v1/login\n    get: /"),
        ("post: /api/v1/login", "pots: /api/v1/login"),
        ("mode: literal", "mode: litteral"),
        ("    mode: literal\n", ""),
        ("on_silence: roll back", "on_silence: shrug"),
        ("testers: {header: X-Orders-Canary}", "testers: never"),
        ("unproven: hold", "unproven:"),
    ],
)
def test_the_schema_refuses_bad_shapes(good: str, bad: str) -> None:
    assert good in EXAMPLE
    assert errors(EXAMPLE.replace(good, bad, 1)) != []


def keys_of(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties.items()
        for key, value in node.items():
            if key not in {"if", "not"}:  # conditions on keys that are described elsewhere
                yield from keys_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys_of(value)


def test_every_key_in_the_schema_has_a_description() -> None:
    assert [key for key, about in keys_of(json_schema()) if not about.get("description")] == []


def test_every_key_in_the_schema_is_in_the_documentation() -> None:
    text = DOCUMENTATION.read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    documented = {key for row in rows for key in re.findall(r"`([a-z0-9_ ]+)`", row.split("|")[1])}
    documented |= set(re.findall(r"(?m)^### Gate `([a-z_]+)`", text))
    assert {key for key, _ in keys_of(json_schema())} - documented == set()


def test_every_default_in_the_schema_stands_beside_its_key_in_the_documentation() -> None:
    rows = [line for line in DOCUMENTATION.read_text().splitlines() if line.startswith("| `")]
    for key, about in keys_of(json_schema()):
        told = re.search(r"Default (\S+?)[.,]?(?:\s|$)", about["description"])
        if told:
            matching = [row for row in rows if row.startswith(f"| `{key}`")]
            assert any(told[1] in row for row in matching), (key, told[1])
