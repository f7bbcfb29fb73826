"""XML from strangers, read in pieces.

Why not a tree or defusedxml: a report of a million cases must not be in memory, and defusedxml guards
the tree builders, not the bare parser. So expat is driven directly, and what makes XML dangerous is
refused: entities cannot be declared (no billion laughs, nothing from outside), a DOCTYPE is allowed only
to Cobertura, which names its DTD there (it is never fetched), one tag cannot be larger than `LARGEST_TAG` and
the different names in a file are bounded, as expat keeps both in memory.

Depth is bounded by whoever handles the elements, who has to keep track of it anyway.
"""

import codecs
import re
from typing import BinaryIO, NoReturn
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate, XMLParserType, errors

from gonogo.domain.errors import InvalidInput
from gonogo.evidence.format import unfit

LARGEST_TAG = 4 * 1024 * 1024
"""Bytes of the largest tag or comment; text is delivered in pieces and may be larger."""

DEEPEST = 100
"""Elements inside each other, for readers to refuse more."""

MOST_NAMES = 10_000
"""Different names of elements and attributes in one file."""

_BLOCK = 256 * 1024
_ENCODINGS = {
    *("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii"),
    *("iso-8859-1", "iso-8859-15", "windows-1252"),
}
_CUT_OFF = {
    errors.codes[text]
    for text in (
        errors.XML_ERROR_NO_ELEMENTS,
        errors.XML_ERROR_UNCLOSED_TOKEN,
        errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        errors.XML_ERROR_PARTIAL_CHAR,
    )
}
_WRONG_BYTES = {
    errors.codes[text]
    for text in (
        errors.XML_ERROR_INVALID_TOKEN,
        errors.XML_ERROR_INCORRECT_ENCODING,
        errors.XML_ERROR_UNKNOWN_ENCODING,
    )
}
_BEFORE_ROOT = re.compile(
    r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)([^<>]*)")


def root_of(head: bytes) -> tuple[str, str] | None:
    """(name, attributes as written) of the root element of a file that begins so; None: not XML."""
    text = _text(head)
    position = 0
    while found := _BEFORE_ROOT.match(text, position):
        position = found.end()
    root = _ROOT.match(text, position)
    return (root[1], root[2]) if root else None


def xml_parser(name: str, *, doctype_allowed: bool = False) -> XMLParserType:
    """A parser that refuses what is dangerous with InvalidInput; the caller sets its handlers.

    Where a DOCTYPE may name its DTD, expat drops entities that are declared nowhere else.
    """

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in _ENCODINGS:
            raise unfit(
                name, f"is in the encoding {encoding[:40]!r}, which is not read", hint=_HINT
            )

    def doctype(_name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            raise unfit(name, "has a DOCTYPE with declarations, which reports are not allowed")
        if not doctype_allowed:
            raise unfit(name, "has a DOCTYPE, which reports of this format do not have")

    def entity(*_declared: object) -> None:
        raise unfit(name, "declares an entity, which reports are not allowed")

    parser = ParserCreate()
    parser.XmlDeclHandler = declaration
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    return parser


def feed(parser: XMLParserType, file: BinaryIO, name: str) -> None:
    """Parse the file to its end. Raises InvalidInput, with line and column where XML breaks off."""
    size = 0
    try:
        while block := file.read(_BLOCK):
            size += len(block)
            parser.Parse(block, False)
            if size - parser.CurrentByteIndex > LARGEST_TAG:
                limit = LARGEST_TAG // (1024 * 1024)
                where = f"at line {parser.CurrentLineNumber}"
                raise unfit(name, f"has a tag {where} that is larger than {limit} MiB")
            if len(parser.intern) > MOST_NAMES:
                raise unfit(name, f"has more than {MOST_NAMES} different names of elements")
        parser.Parse(b"", True)
    except ExpatError as error:
        _refuse(error, name)


def too_deep(name: str, parser: XMLParserType) -> InvalidInput:
    """The refusal of elements deeper than `DEEPEST`."""
    where = f"at line {parser.CurrentLineNumber}"
    return unfit(name, f"has elements {where} that are nested more than {DEEPEST} deep")


_HINT = "save it as UTF-8"


def _refuse(error: ExpatError, name: str) -> NoReturn:
    where = f"line {error.lineno}, column {error.offset + 1}"
    if error.code in _CUT_OFF:
        raise unfit(name, f"was cut off: its XML ends at {where} before it is complete") from None
    if error.code in _WRONG_BYTES:
        what = f"has bytes at {where} that XML in its encoding does not have"
        raise unfit(name, what, hint=_HINT) from None
    raise unfit(name, f"is not well-formed XML at {where}: {ErrorString(error.code)}") from None


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    if head.startswith(b"<\0"):
        return head.decode("utf-16-le", "replace")
    if head.startswith(b"\0<"):
        return head.decode("utf-16-be", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
