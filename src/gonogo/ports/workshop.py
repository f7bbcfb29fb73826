"""Where a version's files are laid out and its commands run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Job:
    """One command of one version, run in that version's files. `name` names its log.

    `line` has its placeholders replaced; `variables` are added to the allow-listed environment, and so
    are the secrets of `environment`, where one is named; their values never appear in what it printed.
    With `answer_bytes` its standard output is an answer of at most that many bytes, kept out of the log;
    a command that answers more is ended.
    """

    service: str
    commit: str
    name: str
    line: str
    within: timedelta
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: str = ""
    answer_bytes: int = 0


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a command ended: `exit_code` is None when it was killed, being out of time or answering too much.

    `answer` is what it answered, up to one byte more than it may.
    """

    exit_code: int | None
    output: str
    seconds: float
    log_path: str
    answer: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with 0."""
        return self.exit_code == 0


class Workshop(Protocol):
    """Files of versions and the commands in them."""

    async def lay_out(self, repository: str, service: str, commit: str) -> None:
        """See that the files of this commit stand ready. Raises ActionFailed."""
        ...

    async def run(self, job: Job) -> JobResult:
        """Run a command to its end. Not repeatable by itself: the caller keeps a journal."""
        ...

    async def report(self, service: str, commit: str, path: str) -> BinaryIO:
        """A file that a command left in the files of this commit, opened for reading from its start.

        Raises ActionFailed when there is no such file, or it does not lie inside.
        """
        ...
