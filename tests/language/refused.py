"""Every sentence in which a reader of reports refuses one or tells of a danger, read from its source.

Each call that makes such a sentence is found, and its words are put together again from texts, names
that are given a text beforehand, and choices between two. What only a running program knows is a place.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path

WORDED: Mapping[str, tuple[int, ...]] = {
    "unfit": (1,),
    ".unfit": (0,),
    "._wrong": (0,),
    ".wrong": (0,),
    "wrong": (0,),
    "strange": (4,),
    "InvalidInput": (0,),
    "_Refused": (0,),
    "Finding": (1, 2),
    "_fails": (0,),
}
"""What is called with a sentence, and which of its arguments say something; a method after a dot."""
DANGERS = ("Finding", "_fails")
PLACE = "\0"
"""Where something stands that only a running program knows."""

_PLACES = re.compile(f"{PLACE}+")
_Known = Mapping[str, tuple[ast.expr, ...]]


@dataclass(frozen=True)
class Worded:
    """One sentence and where it is said; `said` has a PLACE for each thing that is not known.

    It refuses a report, or tells of a danger in a migration.
    """

    where: str
    said: str
    danger: bool = False


def sentences(files: Iterable[Path], *, but: Iterable[str] = ()) -> Iterator[Worded]:
    """All of them of each file whose name is none of `but`."""
    for file in sorted(files):
        if file.name not in but:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            yield from _of_file(tree, file.name)


def _of_file(tree: ast.Module, name: str) -> Iterator[Worded]:
    outside = _given(tree.body)
    inside = {
        call: {**outside, **_given(list(ast.walk(function)))}
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
    }
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        for words in _arguments(call):
            for said in _told(words, inside.get(call, outside)):
                if any(letter.isalpha() for letter in said):
                    danger = getattr(call.func, "id", "") in DANGERS
                    yield Worded(f"{name}:{call.lineno}", _PLACES.sub(PLACE, said), danger)


def _given(nodes: Iterable[ast.AST]) -> dict[str, tuple[ast.expr, ...]]:
    """Names with what they are given, and functions with what they give back."""
    found: dict[str, tuple[ast.expr, ...]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = (*found.get(name, ()), value)
            case ast.FunctionDef(name=name):
                returned = (each for each in ast.walk(node) if isinstance(each, ast.Return))
                found[name] = tuple(each.value for each in returned if each.value is not None)
    return found


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    made = call.func
    name = f".{made.attr}" if isinstance(made, ast.Attribute) else getattr(made, "id", "")
    places = WORDED.get(name, ())
    yield from (call.args[each] for each in places if each < len(call.args))
    yield from (each.value for each in call.keywords if each.arg == "hint" and places)


def _told(node: ast.expr, known: _Known, depth: int = 0) -> list[str]:
    """Everything that an expression may say."""
    match node:
        case ast.Constant(value=str() as said):
            found = [said]
        case ast.JoinedStr(values=parts):
            told = [_told(each, known, depth) for each in parts]
            found = ["".join(each) for each in product(*told)]
        case ast.FormattedValue(value=value, format_spec=None):
            found = _told(value, known, depth)
        case ast.IfExp(body=one, orelse=other):
            found = [*_told(one, known, depth), *_told(other, known, depth)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            pairs = product(_told(left, known, depth), _told(right, known, depth))
            found = ["".join(each) for each in pairs]
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)) if name in known and depth < 4:
            told = [_told(each, known, depth + 1) for each in known[name]]
            found = list(dict.fromkeys(chain.from_iterable(told)))
        case _:
            found = [PLACE]
    return found
