"""Lists as files for a spreadsheet: streamed, so that a hundred thousand rows need no more memory than one.

Cells are text, numbers and ISO 8601 times in UTC. A text that a spreadsheet would run as a formula is
given an apostrophe in CSV; in XLSX cells are typed, and nothing is a formula.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from gonogo.domain.errors import Unavailable

Row = TypeVar("Row")
Cell = str | int | float | bool | datetime | None
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ACTING = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_000
_AT_ONCE = 2
_writing = asyncio.Semaphore(_AT_ONCE)
MOST_ROWS = 1_000_000
"""A sheet of XLSX has 1,048,576 rows; what goes beyond is left to CSV."""


async def csv_file(
    name: str,
    head: Sequence[str],
    rows: AsyncIterator[Sequence[Row]],
    cells: Callable[[Row], Iterable[Cell]],
) -> Response:
    """A CSV file in UTF-8 with a mark that spreadsheets know it by, sent as it is read."""

    async def text() -> AsyncIterator[str]:
        yield "\ufeff" + _line(head)
        async for some in rows:
            yield "".join(_line([_written(cell) for cell in cells(row)]) for row in some)

    return StreamingResponse(
        text(), media_type="text/csv; charset=utf-8", headers=_attached(f"{name}.csv")
    )


async def xlsx_file(
    name: str,
    head: Sequence[str],
    rows: AsyncIterator[Sequence[Row]],
    cells: Callable[[Row], Iterable[Cell]],
) -> Response:
    """An XLSX file: written to the disk row by row, then sent from there and deleted.

    One takes seconds of work and megabytes of disk: a few are written at once, others are refused with
    Unavailable. A CSV file, which is written as it is read, always goes.
    """
    if _writing.locked():
        raise Unavailable(
            f"{_AT_ONCE} tables are being written now", hint="try again soon, or take the CSV file"
        )
    async with _writing:
        return await _written_book(name, head, rows, cells)


async def _written_book(
    name: str,
    head: Sequence[str],
    rows: AsyncIterator[Sequence[Row]],
    cells: Callable[[Row], Iterable[Cell]],
) -> Response:
    import xlsxwriter

    with tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as place:
        path = Path(place.name)
    try:
        book = xlsxwriter.Workbook(
            path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        sheet = book.add_worksheet(name[:31])
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, head, bold)
        sheet.freeze_panes(1, 0)
        number = 0
        async for some in rows:
            fitting = some[: MOST_ROWS - number]
            await asyncio.to_thread(_write, sheet, number + 1, fitting, cells)
            number += len(fitting)
            if number == MOST_ROWS:
                break
        await asyncio.to_thread(book.close)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    gone = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type=XLSX, headers=_attached(f"{name}.xlsx"), background=gone)


def _write(
    sheet: object, first: int, rows: Sequence[Row], cells: Callable[[Row], Iterable[Cell]]
) -> None:
    for place, row in enumerate(rows, first):
        for column, cell in enumerate(cells(row)):
            if isinstance(cell, bool):
                sheet.write_boolean(place, column, cell)  # type: ignore[attr-defined]
            elif isinstance(cell, int | float):
                sheet.write_number(place, column, cell)  # type: ignore[attr-defined]
            elif cell is not None:
                sheet.write_string(place, column, _plain(cell))  # type: ignore[attr-defined]


def _written(cell: Cell) -> str:
    if cell is None or isinstance(cell, bool | int | float):
        return "" if cell is None else str(cell)
    text = _plain(cell)
    return f"'{text}" if text.startswith(_ACTING) else text


def _plain(cell: str | datetime) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return cell[:_LONGEST]


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _attached(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
