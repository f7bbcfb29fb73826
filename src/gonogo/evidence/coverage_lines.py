"""Lines that ran and lines that could have, gathered file by file and kept as ranges.

A report may speak of a file in several places (a class and the classes inside it, one record for each
test): its places are put together, and a line ran when any of them says so.
"""

from collections.abc import Iterable, Iterator

from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import CoverageFacts, FileCoverage
from gonogo.evidence.format import unfit

FILES = 200_000
"""The most files in one report."""

LARGEST_LINE = 2_000_000
"""The largest number of a line."""

LONGEST_PATH = 4096
"""Characters of a path."""

Ranges = tuple[tuple[int, int], ...]
_Piece = tuple[Ranges, Ranges]


class CoverageLines:
    """What a report says of its files: `begin` one, say its lines, `end` it, and take the facts.

    Its errors are InvalidInput.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: dict[str, list[_Piece]] = {}
        self._path = ""
        self._seen: set[int] = set()
        self._ran: set[int] = set()

    def begin(self, path: str) -> None:
        """The lines that follow belong to this file."""
        plain = plain_path(path)
        if not plain or len(plain) > LONGEST_PATH or "\0" in plain:
            raise unfit(self._name, f"has a file whose path is {path[:80]!r}")
        if len(self._pieces) >= FILES and plain not in self._pieces:
            raise unfit(self._name, f"has more than {FILES} files, the most that is read")
        self._path = plain

    def line(self, number: int, ran: bool) -> None:
        """One line. The number 0, which some compilers give to what is in no line, is left out."""
        if number == 0:
            return
        if not 0 < number <= LARGEST_LINE:
            raise self._wrong(f"has line {number}, and lines go from 1 to {LARGEST_LINE}")
        self._seen.add(number)
        if ran:
            self._ran.add(number)

    def end(self) -> None:
        """No more lines of this file here."""
        piece = (ranges(self._ran), ranges(self._seen - self._ran))
        self._pieces.setdefault(self._path, []).append(piece)
        self._seen, self._ran = set(), set()

    def facts(self, folder: str = "") -> CoverageFacts:
        """The sum; `folder` is put before paths that are not absolute."""
        files, covered, total = [], 0, 0
        for path, pieces in self._pieces.items():
            ran, missed = pieces[0] if len(pieces) == 1 else _together(pieces)
            files.append(FileCoverage(_under(folder, path), ran, missed))
            covered += _size(ran)
            total += _size(ran) + _size(missed)
        return CoverageFacts(covered, total, tuple(files))

    def _wrong(self, what: str) -> InvalidInput:
        return unfit(self._name, f"{self._path[:200]!r} {what}")


def plain_path(path: str) -> str:
    """A path as reports are compared by: `/` between its parts, and no `./` before it."""
    plain = path.strip().replace("\\", "/")
    while plain.startswith("./"):
        plain = plain[2:]
    return plain


def ranges(numbers: Iterable[int]) -> Ranges:
    """Closed ranges, in order, of numbers in any order."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] >= number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def _numbers(parts: Ranges) -> Iterator[int]:
    for first, last in parts:
        yield from range(first, last + 1)


def _together(pieces: list[_Piece]) -> _Piece:
    ran = {number for piece in pieces for number in _numbers(piece[0])}
    missed = {number for piece in pieces for number in _numbers(piece[1])}
    return ranges(ran), ranges(missed - ran)


def _size(parts: Ranges) -> int:
    return sum(last - first + 1 for first, last in parts)


def _under(folder: str, path: str) -> str:
    if folder in {"", "."} or path.startswith("/") or path[1:3] == ":/":
        return path
    return f"{folder.rstrip('/')}/{path}"
