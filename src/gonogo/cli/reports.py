"""Which files a push means: those named, and in a folder those that look like a report."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gonogo.domain.errors import InvalidInput
from gonogo.usecases.papers.evidence import BEGINNING, LARGEST, format_of

_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file that looks like a report of this format, and when it was last written."""

    path: Path
    format: str
    written_at: datetime


def find_reports(paths: Iterable[Path]) -> tuple[tuple[ReportFile, ...], tuple[Path, ...]]:
    """Reports in the order in which they were named, folders sorted; and files that were left aside.

    Raises InvalidInput for a named file that is no report, when there is no report at all, and when
    one would take the place of another.
    """
    found: list[ReportFile] = []
    aside: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(_named(path))
            continue
        for file in _inside(path):
            report = _report(file) if file.resolve().is_relative_to(path.resolve()) else None
            if report is None:
                aside.append(file)
            else:
                found.append(report)
    if not found:
        raise InvalidInput(
            f"no file of {len(aside)} looks like a report that is known",
            hint="name one file, and it is said what is known",
        )
    _apart(found)
    return tuple(found), tuple(aside)


def _named(path: Path) -> ReportFile:
    report = _report(path)
    if report is None:
        raise InvalidInput(f"{path} does not look like any report that is known")
    return report


def _inside(folder: Path) -> Iterator[Path]:
    """Plain files below a folder, sorted, but for folders whose name begins with a dot."""
    count = 0
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(place, name)
            if not file.is_file():
                continue
            count += 1
            if count > _MOST_FILES:
                raise InvalidInput(
                    f"{folder} holds more than {_MOST_FILES} files",
                    hint="name the folder that holds the reports alone",
                )
            yield file


def _report(path: Path) -> ReportFile | None:
    try:
        if not path.is_file():
            raise InvalidInput(f"{path} is not a file or folder that is there")
        with path.open("rb") as file:
            head, about = file.read(BEGINNING), os.fstat(file.fileno())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    if about.st_size == 0:
        return None
    if about.st_size > LARGEST:
        raise InvalidInput(f"{path} is larger than {LARGEST >> 20} MiB, the most that is read")
    known_as = format_of(path.name, head)
    if known_as is None:
        return None
    return ReportFile(path, known_as, datetime.fromtimestamp(about.st_mtime, UTC))


def _apart(reports: Iterable[ReportFile]) -> None:
    """Raises InvalidInput where a report would hide another that is pushed with it."""
    seen: dict[tuple[str, str], Path] = {}
    for report in reports:
        place = report.format, report.path.name
        other = seen.setdefault(place, report.path)
        if other.resolve() != report.path.resolve():
            raise InvalidInput(
                f"{other} and {report.path} are {report.format} reports of the same name: the desk"
                " would take the second for a newer version of the first",
                hint="give each report a name of its own",
            )
