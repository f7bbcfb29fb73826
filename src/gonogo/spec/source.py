"""YAML text → a tree that remembers where everything stood.

Why by hand from parser events: a plan must never depend on what YAML guesses of a bare word (`off`,
`010`, `2024-01-01`), every message needs a line and a column, and a hostile file must not be able to
make objects, recurse or grow. So scalars stay text until somebody asks for a JSON value, tags and
merge keys are refused, aliases are counted at their full size and depth, and both are bounded.
"""

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from gonogo.domain.plan import Json
from gonogo.spec.problem import SPEC, Document, Mark, Problem, SpecError
from gonogo.spec.units import Unfit
from gonogo.spec.wording import quoted

MOST_BYTES = 1_000_000
MOST_DEPTH = 40
MOST_NODES = 20_000

START = Mark(1, 1)

_YamlEvent = Any  # the classes of ruamel.yaml declare their attributes only in part
_YamlMark = Any


class Text:
    """One scalar: `text` as written, quotes removed.

    `plain` says that it had no quotes, `folded` that it goes over several lines.
    """

    def __init__(self, text: str, mark: Mark, *, plain: bool, folded: bool = False) -> None:
        self.text, self.mark, self.plain, self.folded = text, mark, plain, folded
        self.size, self.height = 1, 0
        self.expanded: Table | None = None
        """What a one-line form stood for, once a part has read it."""

    @property
    def empty(self) -> bool:
        """Whether YAML reads this as no value at all."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


class Row(list["Node"]):
    """A list and where it starts."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark, self.size, self.height = mark, 1, 1

    def put(self, node: "Node") -> None:
        """Append a finished node."""
        self.append(node)
        self.size += node.size
        self.height = max(self.height, node.height + 1)


class Table(dict[str, "Node"]):
    """A mapping, where it starts, and where each of its keys stands."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark, self.size, self.height = mark, 1, 1
        self.key_marks: dict[str, Mark] = {}
        self.pending: Text | None = None

    def put(self, node: "Node") -> None:
        """Take a finished node as the next key, or as the value of the key before."""
        self.size += node.size
        self.height = max(self.height, node.height + 1)
        if self.pending is None:
            self._put_key(node)
        else:
            if isinstance(node, Text) and node.plain and not node.text:
                node.mark = self.pending.mark  # the parser puts what is not there on a later line
            self[self.pending.text] = node
            self.key_marks[self.pending.text] = self.pending.mark
            self.pending = None

    def _put_key(self, node: "Node") -> None:
        if not isinstance(node, Text):
            _refuse(node.mark, "a key must be text; put quotes around one that starts with { or [")
        if node.text in self:
            first = self.key_marks[node.text]
            _refuse(
                node.mark, f"duplicate key {quoted(node.text)}, first given in line {first.line}"
            )
        if node.plain and node.text == "<<":
            _refuse(node.mark, "merge keys (<<) are not supported; write the keys out")
        self.pending = node


Node = Text | Row | Table


class _Refusal(Exception):
    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(mark, message)


def _refuse(mark: Mark, message: str) -> NoReturn:
    raise _Refusal(mark, message)


def parse(content: str | bytes, path: str, document: Document = SPEC) -> tuple[Table, bytes]:
    """The mapping that a file holds, and its bytes. Raises SpecError."""
    try:
        text, raw = _decode(content, document)
        return _tree(text, document), raw
    except _Refusal as refusal:
        raise SpecError(path, (refusal.problem,), document) from None


def _decode(content: str | bytes, document: Document) -> tuple[str, bytes]:
    try:
        raw = content.encode() if isinstance(content, str) else content
        text = raw.decode()
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError | UnicodeEncodeError) else 0
        before = content[:start]
        line = before.count("\n") if isinstance(before, str) else before.count(b"\n")
        _refuse(Mark(line + 1, 1), "this line is not UTF-8 text; save the file as UTF-8")
    if len(raw) > MOST_BYTES:
        usual = f"a {document.name} is a few kB"
        _refuse(START, f"the file is larger than 1 MB ({len(raw)} bytes); {usual}")
    return text.removeprefix("\ufeff"), raw


def _tree(text: str, document: Document) -> Table:
    try:
        node = _build(_events(text), document)
    except MarkedYAMLError as error:
        unclosed = "end of stream" in str(error.problem) or "<stream end>" in str(error.problem)
        mark = (error.context_mark if unclosed else None) or error.problem_mark
        _refuse(_mark(mark) if mark else START, _plain_words(error))
    except ReaderError as error:
        before = text[: error.position]
        mark_here = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        _refuse(
            mark_here, f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        )
    except (YAMLError, AssertionError, ValueError, IndexError, KeyError, AttributeError) as error:
        # The parser asserts and trips over some malformed directives and escapes.
        if text.startswith("%"):
            _refuse(START, _DIRECTIVE)
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        _refuse(START, f"this is not valid YAML ({detail})")
    if node is None or (isinstance(node, Text) and node.empty):
        _refuse(START, f'the file is empty; a {document.name} begins with "{document.begins}"')
    if not isinstance(node, Table):
        wanted = f"a {document.name} must be a mapping of keys to values"
        _refuse(node.mark, f"{wanted}, not {kind(node)}")
    return node


def _events(text: str) -> Iterator[Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    yield from yaml.parse(text)


def _build(events: Iterator[Any], document: Document) -> Node | None:
    root: Node | None = None
    opened: list[tuple[Row | Table, str | None]] = []
    anchors: dict[str, Node] = {}
    for event in events:
        if isinstance(event, DocumentStartEvent) and root is not None:
            only = f"a {document.name} is only one"
            _refuse(_mark(event.start_mark), f"the file holds several documents; {only}")
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            opened.append((_open(event, len(opened)), event.anchor))
            continue
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            node, anchor = opened.pop()
        elif isinstance(event, ScalarEvent):
            node, anchor = _scalar(event), event.anchor  # type: ignore[assignment]
        elif isinstance(event, AliasEvent):
            node, anchor = _aliased(event, anchors), None  # type: ignore[assignment]
        else:
            continue
        if anchor is not None:
            anchors[anchor] = node
        if opened:
            opened[-1][0].put(node)
            _bound(event, node, opened[-1][0].size, len(opened) + node.height)
        else:
            root = node
    return root


def _bound(event: _YamlEvent, node: Node, size: int, depth: int) -> None:
    mark = _mark(event.start_mark) if isinstance(event, AliasEvent) else node.mark
    if size > MOST_NODES:
        _refuse(mark, f"the file holds more than {MOST_NODES} values, aliases counted")
    if depth > MOST_DEPTH:
        _refuse(mark, f"values are nested more than {MOST_DEPTH} deep")


def _open(event: _YamlEvent, depth: int) -> Row | Table:
    mark = _mark(event.start_mark)
    _refuse_tag(event)
    if depth >= MOST_DEPTH:
        _refuse(mark, f"values are nested more than {MOST_DEPTH} deep")
    return Table(mark) if isinstance(event, MappingStartEvent) else Row(mark)


def _scalar(event: _YamlEvent) -> Text:
    _refuse_tag(event)
    start, end = event.start_mark, event.end_mark
    folded = event.style in {"|", ">"} or end.line > start.line
    return Text(event.value, _mark(start), plain=not event.style, folded=folded)


def _refuse_tag(event: _YamlEvent) -> None:
    if event.tag is not None:
        _refuse(_mark(event.start_mark), "YAML tags (!…) are not allowed; put quotes around text")


def _aliased(event: _YamlEvent, anchors: dict[str, Node]) -> Node:
    node = anchors.get(event.anchor)
    if node is None:
        _refuse(
            _mark(event.start_mark),
            f"*{event.anchor} points to nothing that is defined before; "
            "put quotes around text that starts with *",
        )
    return node


def _mark(mark: _YamlMark) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


_DIRECTIVE = "this line begins with % but is no directive of YAML 1.2; leave it out"
_IN_PLAIN_WORDS = (
    ("incompatible YAML document", _DIRECTIVE),
    ("character '\\t'", "a tab is used for indentation; use spaces"),
    ("mapping values are not allowed", "a colon where none can stand; put quotes around text that "
     'has ": " in it, and check the indentation'),
    ("expected alphabetic or numeric character",
     'put quotes around text that begins with * or &, as in "* /api"'),
    ("that cannot start any token", "put quotes around text that starts with %, @ or `"),
    ("found unexpected end of stream", "a quote is opened here and never closed"),
    ("but got '<stream end>'", "a bracket is opened here and never closed"),
    ("but found '<stream end>'", "a bracket is opened here and never closed"),
    ("expected ',' or", "inside { } and [ ], put quotes around text that has any of { } [ ] , in it"),
    ("expected <block end>", "the indentation does not fit the lines above"),
)  # fmt: skip


def _plain_words(error: MarkedYAMLError) -> str:
    problem = str(error.problem)
    for piece, sentence in _IN_PLAIN_WORDS:
        if piece in problem:
            return sentence
    return f"this is not valid YAML ({' '.join(problem.split())})"


def kind(node: object) -> str:
    """What a node is, in words."""
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Row):
        return "a list"
    return "nothing" if isinstance(node, Text) and node.empty else "a single value"


_INTEGER = re.compile(r"[-+]?[0-9]{1,300}|0o[0-7]{1,300}|0x[0-9a-fA-F]{1,300}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}


def to_json(node: Node) -> Json:
    """The node as `json.loads` would give it, by YAML 1.2's core schema. Raises Unfit."""
    if isinstance(node, Table):
        return {key: to_json(value) for key, value in node.items()}
    if isinstance(node, Row):
        return [to_json(value) for value in node]
    return _plain_value(node) if node.plain else node.text


def _plain_value(node: Text) -> Json:
    if node.empty:
        return None
    if node.text in _BOOLEANS:
        return _BOOLEANS[node.text]
    if _INTEGER.fullmatch(node.text):
        return int(node.text, 0 if node.text[:2] in {"0o", "0x"} else 10)
    return _to_number(node.text) if _FLOAT.fullmatch(node.text) else node.text


def _to_number(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise Unfit(
            f"{quoted(text)} is too large for a number; put quotes around it to make it text"
        )
    return number
