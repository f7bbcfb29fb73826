"""What the command line needs of the whole program; it is built only when a command asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from gonogo.domain.health import Finding
from gonogo.domain.look import Look

if TYPE_CHECKING:
    from gonogo.usecases.bundling.envelopes import Trust
    from gonogo.usecases.desk.heads import HeadPlace
    from gonogo.usecases.desk.operation import Stopped
    from gonogo.usecases.gates.local_check import Checked, CheckRequest
    from gonogo.usecases.gates.patch_guard import Guarded, Request
    from gonogo.usecases.judging.observe_metrics import OnStart, Wanted
    from gonogo.usecases.services.first_spec import FirstSpec


class Program(Protocol):
    """The program put together, in this process."""

    def serve(self, port: int | None) -> None:
        """Run the desk until it is told to stop."""
        ...

    def who_loses(self) -> tuple[str, ...]:
        """Adopted versions whose customers come through a router, a sentence for each."""
        ...

    def plan_leaving(self) -> tuple[str, ...]:
        """What handing customers back would do, a sentence for each environment."""
        ...

    def leave(
        self,
        *,
        quiet: timedelta,
        within: timedelta | None,
        router_stays: bool,
        say: Callable[[str], None],
        ask: Callable[[str], bool],
    ) -> tuple[dict[str, Any], ...]:
        """Stop the desk, hand customers back, wait until nobody comes and end the routers.

        What became of each environment: where its customers are, and whether its router ended.
        """
        ...

    def stop_everything(self) -> "Stopped":
        """Stop the desk and all that it left running; what was stopped, and what was left."""
        ...

    def examine(self) -> tuple[Finding, ...]:
        """Site health, without a running desk."""
        ...

    def plot(self, looks: Sequence[Look]) -> str:
        """What the judge saw and said, as one SVG file."""
        ...

    def observe(self, wanted: "Wanted", began: "OnStart") -> None:
        """Let the judge watch counts that a metric source has; `began` is given what is filled."""
        ...

    def verify_chain(self) -> dict[str, Any]:
        """Whether the audit chain holds, without a running desk."""
        ...

    def migrate_database(self, url: str) -> dict[str, Any]:
        """Move the desk's SQLite database to the PostgreSQL of this URL; what was moved."""
        ...

    def publish_head(self, place: "HeadPlace", sequence: int, envelope: str) -> str:
        """Put a signed head of the audit chain there; where it stands, for people."""
        ...

    def verify_heads(self, place: "HeadPlace", trust: "Trust | None") -> dict[str, Any]:
        """Whether the audit chain still has the heads published there, without a running desk."""
        ...

    def patch_guard(self, request: "Request") -> "Guarded":
        """One change of a git repository against its limits, without a desk."""
        ...

    def first_spec(self, repository: Path, folder: str | None) -> "FirstSpec":
        """A first spec for a service in this folder of a repository, None to look for it."""
        ...

    def check(self, request: "CheckRequest") -> "Checked":
        """The gates of a spec over reports and a repository, without a desk."""
        ...


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the desk's files are, and how to get the program and its reference service."""

    home: Path
    port: int
    program: Callable[[], Program]
    json: bool = False
    debug: bool = False
