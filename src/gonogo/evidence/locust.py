"""Locust: the statistics as CSV, their history as CSV, and the statistics as JSON.

Only the history says how many users there were; only the JSON and the history say when it was.
"""

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import BinaryIO

from gonogo.domain.errors import InvalidInput
from gonogo.domain.facts import LoadFacts
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.json_document import LARGEST_COUNT, Node, outline, read_document
from gonogo.evidence.wording import beginning_text, read_lines, shown

TOTAL = "Aggregated"
_STATISTICS = ("Type", "Name", "Request Count", "Failure Count", "Median Response Time")
_HISTORY = ("Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s")
_LATEST = 32503680000.0  # the year 3000


def recognises_statistics(beginning: Beginning) -> bool:
    """The header."""
    return beginning_text(beginning).startswith(",".join(_STATISTICS))


def read_statistics(file: BinaryIO, name: str) -> Reading:
    """The row of all requests together. Raises InvalidInput."""
    rows = list(_totals(file, name, _STATISTICS))
    if len(rows) != 1:
        raise unfit(name, f"has {len(rows)} rows {TOTAL}, not one: is it cut off?")
    row = rows[0]
    requests, failures = row.count("Request Count"), row.count("Failure Count")
    rate = row.amount("Requests/s")
    return Reading(
        (
            _facts(
                row.wrong,
                requests,
                failures,
                seconds=requests / rate if rate else None,
                percentiles=(row.amount("50%"), row.amount("95%"), row.amount("99%")),
            ),
        )
    )


def recognises_history(beginning: Beginning) -> bool:
    """The header."""
    return beginning_text(beginning).startswith(",".join(_HISTORY))


def read_history(file: BinaryIO, name: str) -> Reading:
    """Counts to the end, and the most users at once. Its percentiles are of its last ten seconds, so
    only the median is given. Raises InvalidInput."""
    users = 0
    start: float | None = None
    last: _Row | None = None
    for row in _totals(file, name, _HISTORY):
        users = max(users, row.count("User Count"))
        start = row.amount("Timestamp") if start is None else start
        if last is not None and row.amount("Timestamp") < last.amount("Timestamp"):
            raise row.wrong("goes back in time: it holds more than one run")
        last = row
    if last is None or start is None:
        raise unfit(name, f"has no row {TOTAL}")
    end = last.amount("Timestamp")
    facts = _facts(
        last.wrong,
        last.count("Total Request Count"),
        last.count("Total Failure Count"),
        seconds=end - start,
        percentiles=(last.amount("Total Median Response Time"), None, None),
        concurrency=users,
    )
    return Reading((facts,), at=_instant(end, last.wrong))


def recognises_json(beginning: Beginning) -> bool:
    """A list of requests with their histogram."""
    found = outline(beginning)
    return found is not None and found.is_list and {"name", "method", "num_requests"} <= found.keys


def read_json(file: BinaryIO, name: str) -> Reading:
    """All requests together; percentiles from the histogram, as exact as that is. Raises InvalidInput."""
    document = read_document(file, name)
    times: Counter[float] = Counter()
    requests = failures = 0
    starts: list[float] = []
    ends: list[float] = []
    for entry in document.items():
        requests += entry.need("num_requests").count()
        failures += entry.need("num_failures").count()
        times.update(_histogram(entry))
        starts.append(entry.need("start_time").amount())
        end = entry.find("last_request_timestamp")
        if end is not None:
            ends.append(end.amount())
    if not ends:
        raise document.unfit("tells of no request")
    facts = _facts(
        document.unfit,
        requests,
        failures,
        seconds=max(0.0, max(ends) - min(starts)),
        percentiles=(_percentile(times, 0.5), _percentile(times, 0.95), _percentile(times, 0.99)),
    )
    return Reading((facts,), at=_instant(max(ends), document.unfit))


def _facts(
    wrong: Callable[[str], InvalidInput],
    requests: int,
    failures: int,
    *,
    seconds: float | None,
    percentiles: tuple[float | None, float | None, float | None],
    concurrency: int | None = None,
) -> LoadFacts:
    if not requests:
        raise wrong("tells of no request")
    if failures > requests:
        raise wrong(f"tells of more failures ({failures}) than requests ({requests})")
    if seconds is not None and not math.isfinite(seconds):
        raise wrong("tells of a run without end")
    return LoadFacts("locust", requests, failures, seconds, *percentiles, concurrency)


def _histogram(entry: Node) -> Mapping[float, int]:
    """How many requests took how many milliseconds."""
    found: dict[float, int] = {}
    for key, count in entry.need("response_times").members():
        try:
            milliseconds = float(key)
        except ValueError:
            milliseconds = math.nan
        if not 0 <= milliseconds < math.inf:
            raise count.unfit("is under no time in milliseconds")
        found[milliseconds] = count.count()
    none = entry.find("num_none_requests")
    timed = entry.need("num_requests").count() - (none.count() if none is not None else 0)
    if sum(found.values()) != timed:
        raise entry.unfit(f"has times of {sum(found.values())} requests, but {timed} were timed")
    return found


def _percentile(times: Mapping[float, int], share: float) -> float | None:
    """The least time that `share` of the requests did not exceed."""
    needed = math.ceil(share * sum(times.values()))
    seen = 0
    for milliseconds in sorted(times):
        seen += times[milliseconds]
        if seen >= needed and seen:
            return milliseconds
    return None


def _instant(seconds: float, wrong: Callable[[str], InvalidInput]) -> datetime:
    if not 0 < seconds < _LATEST:
        raise wrong(f"has the time {seconds:g}, which is no instant")
    return datetime.fromtimestamp(seconds, UTC)


class _Row:
    """One row, its fields read by their columns."""

    def __init__(self, name: str, number: int, fields: Mapping[str, str]) -> None:
        self._name, self._number, self._fields = name, number, fields

    def amount(self, column: str) -> float:
        """A finite number that is not negative."""
        said = self._fields.get(column, "")
        try:
            number = float(said)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise self.wrong(f'has "{shown(said, 40)}" as {column}')
        return number

    def count(self, column: str) -> int:
        """A whole number that is not negative."""
        number = self.amount(column)
        if number != int(number) or number > LARGEST_COUNT:
            raise self.wrong(f"has {number:g} as {column}, which is no count")
        return int(number)

    def wrong(self, what: str) -> InvalidInput:
        """A refusal that names this row."""
        return unfit(self._name, f"line {self._number} {what}")


def _totals(file: BinaryIO, name: str, header: tuple[str, ...]) -> Iterator[_Row]:
    """The rows of all requests together."""
    reader = csv.reader((f"{line}\n" for _, line in read_lines(file, name)), strict=True)
    columns: list[str] | None = None
    try:
        for fields in reader:
            if columns is None:
                columns = fields
                if len(set(columns)) != len(columns) or tuple(columns[: len(header)]) != header:
                    raise unfit(name, "does not begin with the header that Locust writes")
                continue
            if len(fields) != len(columns):
                raise unfit(
                    name,
                    f"line {reader.line_num} has {len(fields)} fields where the header has {len(columns)}",
                )
            row = dict(zip(columns, fields, strict=True))
            if row["Name"] == TOTAL and not row["Type"]:
                yield _Row(name, reader.line_num, row)
    except csv.Error as error:
        raise unfit(name, f"line {reader.line_num} is not CSV ({error})") from None


LOCUST = Format("locust", recognises_statistics, read_statistics)
LOCUST_HISTORY = Format("locust-history", recognises_history, read_history)
LOCUST_JSON = Format("locust-json", recognises_json, read_json)
