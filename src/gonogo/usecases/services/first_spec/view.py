"""One service's folder in a repository, as detectors see it.

Why so: files are anybody's. Everything that is parsed here is bounded and data alone: JSON and TOML by
the standard library, YAML as a tree of nodes that makes no objects. A file that cannot be parsed is
like one that is not there.
"""

import json
import re
import sys
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from gonogo.ports.tree import Listing, Tree
from gonogo.usecases.services.first_spec.guess import Guess, Strength, Topic

MOST_SOURCES = 2_000
"""Source files that are searched in one repository, the shallow ones first."""

MOST_CHARACTERS = 8_000_000
"""Characters that one search reads."""

_MOST_KEPT = 32_000_000

_LONGEST_LINE = 2_000
_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|spec|specs|e2e|testdata|fixtures|examples?|docs?)(/|$)"
)
_TEST_FILE = re.compile(r"(_test|\.test|\.spec|Tests?)\.\w+$|(^|/)test_[^/]*$")


_MANIFEST = re.compile(
    r"(?:^|/)(?:package\.json|pyproject\.toml|requirements\.txt|manage\.py|go\.mod|pom\.xml|"
    r"build\.gradle(?:\.kts)?|composer\.json|Gemfile)$"
)


class Repository:
    """All files of a repository; texts are kept, up to a bound, so that each is read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._texts: dict[str, str | None] = {}
        self._kept = 0

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every path, sorted."""
        return self._listing.paths

    @cached_property
    def known(self) -> frozenset[str]:
        """Every path."""
        return frozenset(self.paths)

    @property
    def cut(self) -> bool:
        """Whether there are more files than are listed."""
        return self._listing.cut

    @cached_property
    def _listing(self) -> Listing:
        return self._tree.listing()

    def text(self, path: str) -> str | None:
        """The text of a file that was listed."""
        if path not in self.known:
            return None
        if path in self._texts:
            return self._texts[path]
        text = self._tree.text(path)
        self._kept += len(text or "")
        if self._kept <= _MOST_KEPT:
            self._texts[path] = text
        return text

    @cached_property
    def projects(self) -> tuple[str, ...]:
        """Folders below the top that have a manifest of their own, each ending with `/`."""
        places = {path.rpartition("/")[0] for path in self.paths if _MANIFEST.search(path)}
        return tuple(sorted(f"{place}/" for place in places if place))

    def below(self, folder: str) -> tuple[str, ...]:
        """Every path that begins with this."""
        start = bisect_left(self.paths, folder)
        end = bisect_left(self.paths, folder + chr(sys.maxunicode))
        return self.paths[start:end]


def _is_within(path: str, folders: frozenset[str]) -> bool:
    """Whether the path is below one of the folders, each of which ends with `/`."""
    end = path.find("/") + 1
    while end:
        if path[:end] in folders:
            return True
        end = path.find("/", end) + 1
    return False


class View:
    """The files below one folder of a repository; `folder` is "" or ends with `/`.

    `without` are folders below it that belong to something else.
    """

    def __init__(
        self, repository: Repository, folder: str = "", *, without: tuple[str, ...] = ()
    ) -> None:
        self.repository, self.folder, self._without = repository, folder, without

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths from this folder."""
        start, without = len(self.folder), frozenset(self._without)
        return tuple(
            path[start:]
            for path in self.repository.below(self.folder)
            if not _is_within(path, without)
        )

    def has(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.folder + path in self.repository.known

    def first(self, *paths: str) -> str | None:
        """The first of these files that is there."""
        return next((path for path in paths if self.has(path)), None)

    def text(self, path: str) -> str:
        """The text of a file, empty where there is none."""
        return self.repository.text(self.folder + path) or ""

    def line_of(self, path: str, piece: str | re.Pattern[str]) -> int | None:
        """The first line with this in it, counted from 1."""
        pattern = re.compile(re.escape(piece)) if isinstance(piece, str) else piece
        return next((number for number, _, _ in self.matches(path, pattern)), None)

    def matches(
        self, path: str, pattern: re.Pattern[str]
    ) -> Iterator[tuple[int, re.Match[str], str]]:
        """The first match in each line that has one: number, match and the line."""
        for number, line in enumerate(self.text(path).split("\n"), 1):
            shortened = line[:_LONGEST_LINE]
            if found := pattern.search(shortened):
                yield number, found, shortened

    def search(
        self, pattern: re.Pattern[str], endings: tuple[str, ...]
    ) -> Iterator[tuple[str, int, re.Match[str], str]]:
        """Lines of source files that match, tests left out: path, number, match and the line."""
        left = MOST_CHARACTERS
        for path in self.sources(endings):
            left -= len(self.text(path))
            if left < 0:
                return
            for number, found, line in self.matches(path, pattern):
                yield path, number, found, line

    def sources(self, endings: tuple[str, ...]) -> Iterable[str]:
        """Source files with these endings, the shallow ones first, tests left out."""
        fitting = (
            path
            for path in self.paths
            if path.endswith(endings) and not _TESTS.search(path) and not _TEST_FILE.search(path)
        )
        return sorted(fitting, key=lambda path: (path.count("/"), path))[:MOST_SOURCES]

    def json(self, path: str) -> Mapping[str, Any]:
        """A JSON object, empty where there is none that can be read."""
        try:
            found = json.loads(self.text(path))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def toml(self, path: str) -> Mapping[str, Any]:
        """A TOML document, empty where there is none that can be read."""
        try:
            return tomllib.loads(self.text(path))
        except (ValueError, RecursionError):
            return {}

    def guess(
        self,
        topic: Topic,
        value: str,
        path: str,
        what: str,
        *,
        line: int | None = None,
        strength: Strength = Strength.LIKELY,
    ) -> Guess:
        """A guess from a file of this folder."""
        return Guess(topic, value, self.folder + path, what, line, strength)


def table(value: object) -> Mapping[str, Any]:
    """A mapping as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def words(value: object) -> str:
    """A text as it is, anything else as an empty one."""
    return value if isinstance(value, str) else ""
