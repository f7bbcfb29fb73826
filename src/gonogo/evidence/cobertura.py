"""Coverage in Cobertura's XML: coverage.py, gcovr, Istanbul and c8, coverlet, Cobertura itself.

A class's own lines are what is counted; where there are none, those of its methods, which elsewhere
are the same lines again. A file's path is put under the source folder when there is just one; of
several nothing says which, and the path stays as it is.

`timestamp` is seconds or milliseconds since 1970, so it is an instant without a doubt.
"""

from datetime import UTC, datetime
from typing import BinaryIO
from xml.parsers.expat import XMLParserType

from gonogo.evidence.coverage_lines import CoverageLines, plain_path
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.xml_stream import DEEPEST, feed, root_of, too_deep, xml_parser

_MILLISECONDS = 32503680000  # the year 3000 in seconds
_MOST_SOURCE = 4096
_Line = tuple[int, bool]


def recognises(beginning: Beginning) -> bool:
    """XML whose root is `coverage` with a line-rate (Clover's root has the same name, and none)."""
    root = root_of(beginning.head)
    return root is not None and root[0] == "coverage" and "line-rate" in root[1]


def read(file: BinaryIO, name: str) -> Reading:
    """Facts of the coverage. Raises InvalidInput for a file that is cut off or is not what it should be,
    and for one that declares lines and has none."""
    parser = xml_parser(name, doctype_allowed=True)
    report = _Report(name, parser)
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    try:
        feed(parser, file, name)
    finally:
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    return report.reading()


class _Report:
    def __init__(self, name: str, parser: XMLParserType) -> None:
        self._name = name
        self._parser = parser
        self._lines = CoverageLines(name)
        self._open: list[str] = []
        self._source: list[str] = []
        self._sources: set[str] = set()
        self._declared = 0
        self._at: datetime | None = None
        self._in_methods = False
        self._own_lines = False
        self._of_methods: list[_Line] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._open.append(tag)
        if len(self._open) > DEEPEST:
            raise too_deep(self._name, self._parser)
        if tag == "line":
            self._line(attributes)
        elif tag == "class":
            if "class" in self._open[:-1]:
                raise self._wrong("has a class inside another")
            self._lines.begin(attributes.get("filename", ""))
            self._own_lines, self._of_methods = False, []
        elif tag == "methods":
            self._in_methods = True
        elif tag == "source":
            self._source = []
            self._parser.CharacterDataHandler = self._hear
        elif tag == "coverage" and len(self._open) == 1:
            self._declared = self._number(attributes, "lines-valid", "0")
            self._at = _instant(attributes.get("timestamp", ""))

    def end(self, tag: str) -> None:
        """An element ends."""
        self._open.pop()
        if tag == "methods":
            self._in_methods = False
        elif tag == "source":
            self._parser.CharacterDataHandler = None
            if len(self._sources) < 2:
                self._sources.add(plain_path("".join(self._source)))
        elif tag == "class":
            for number, ran in () if self._own_lines else self._of_methods:
                self._lines.line(number, ran)
            self._lines.end()

    def reading(self) -> Reading:
        """What the whole report says, once it was parsed."""
        facts = self._lines.facts(next(iter(self._sources)) if len(self._sources) == 1 else "")
        if self._declared and not facts.total:
            raise unfit(self._name, f'declares lines-valid="{self._declared}", but has no lines')
        return Reading((facts,), at=self._at)

    def _line(self, attributes: dict[str, str]) -> None:
        if "class" not in self._open:
            raise self._wrong("has a line outside any class")
        number = self._number(attributes, "number", "")
        ran = self._number(attributes, "hits", "") > 0
        if not self._in_methods:
            self._own_lines = True
            self._lines.line(number, ran)
        elif not self._own_lines:
            self._of_methods.append((number, ran))

    def _number(self, attributes: dict[str, str], attribute: str, default: str) -> int:
        value = attributes.get(attribute, default).strip()
        if not (value.isascii() and value.lstrip("-").isdigit() and len(value) <= 30):
            raise self._wrong(f"has {attribute} {value[:40]!r}, which is no number,")
        return int(value)

    def _hear(self, text: str) -> None:
        if sum(map(len, self._source)) < _MOST_SOURCE:
            self._source.append(text[:_MOST_SOURCE])

    def _wrong(self, what: str) -> Exception:
        return unfit(self._name, f"{what} at line {self._parser.CurrentLineNumber}")


def _instant(text: str) -> datetime | None:
    """None for what is not there or cannot be understood; 0 is what some write for not there."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 16) or int(text) == 0:
        return None
    number = int(text)
    return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)


COBERTURA = Format("cobertura", recognises, read)
