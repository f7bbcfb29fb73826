"""The live line of a terminal: where the release stands and what the judge says of each KPI."""

from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from gonogo.cli.output import stage_line

_COLOURS = {
    "fail": "bold red",
    "pass": "green",
    "unproven": "cyan",
    "inconclusive": "yellow",
    "no_data": "dim",
}


class LiveStatus:
    """A few lines at the bottom of the terminal that are drawn anew."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._live = Live(
            console=self._console, transient=True, auto_refresh=False, redirect_stderr=False
        )

    def __enter__(self) -> "LiveStatus":
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def say(self, line: str) -> None:
        """A line of history, above the live ones."""
        self._console.print(line)

    def show(self, release: dict[str, Any]) -> None:
        """Draw this release."""
        table = Table.grid(padding=(0, 2))
        for kpi in release["kpis"]:
            canary, baseline = kpi["canary"], kpi["baseline"]
            table.add_row(
                Text("  " + kpi["kpi"]),
                Text(kpi["verdict"], style=_COLOURS.get(kpi["verdict"], "")),
                Text(f"canary {canary['bad']}/{canary['total']}"),
                Text(f"baseline {baseline['bad']}/{baseline['total']}", style="dim"),
            )
        for gauge in release.get("gauges", ()):
            told = gauge["sentence"].partition(": ")[2]
            table.add_row(
                Text("  " + gauge["gauge"]),
                Text(gauge["verdict"], style=_COLOURS.get(gauge["verdict"], "")),
                Text(told, overflow="ellipsis", no_wrap=True),
            )
        line = Text(stage_line(release), style="bold", no_wrap=True, overflow="ellipsis")
        self._live.update(Group(line, table), refresh=True)
