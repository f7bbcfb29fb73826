"""YAML as nodes with lines, without making any object of it: enough to look into a foreign file."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Node = Any  # ruamel.yaml's node classes declare their attributes only in part

_MOST_NODES = 5_000
_LONGEST = 64_000
_MOST_BRACKETS = 500  # reading nested ones takes the square of their number


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text and its line, counted from 1."""

    text: str
    line: int


@lru_cache(maxsize=4)
def document(text: str) -> Node:
    """The root of the first document; None for what is no YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not 0 < len(text) <= _LONGEST or text.count("[") + text.count("{") > _MOST_BRACKETS:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # what is odd in it is its owner's business
            return YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError, ValueError, AssertionError, AttributeError):
        return None  # a foreign file that is broken is like one that is not there


def children(node: Node) -> Iterator[tuple[Scalar, Node]]:
    """Keys and values of a mapping, none of anything else."""
    for key, value in _pairs(node):
        if isinstance(name := _scalar(key), Scalar):
            yield name, _scalar(value)


def member(node: Node, name: str) -> Node:
    """The value under a key, None where there is none."""
    return next((value for key, value in children(node) if key.text == name), None)


def scalars(node: Node) -> Iterator[Scalar]:
    """Every text in a node, in its order, bounded however often it refers to itself."""
    waiting = [node]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        found = _scalar(waiting.pop())
        if isinstance(found, Scalar):
            yield found
        elif pairs := list(_pairs(found)):
            waiting.extend(value for _, value in reversed(pairs))
        elif isinstance(getattr(found, "value", None), list):
            waiting.extend(reversed(found.value))


def _scalar(node: Node) -> Node:
    value = getattr(node, "value", None)
    return Scalar(value, node.start_mark.line + 1) if isinstance(value, str) else node


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    value = getattr(node, "value", None)
    if isinstance(value, list):
        yield from (pair for pair in value if isinstance(pair, tuple))
