"""A workshop without files: commands end as they were told to, in the loop's own time."""

import asyncio
import io
from dataclasses import replace
from typing import BinaryIO

from gonogo.domain.errors import ActionFailed
from gonogo.ports.workshop import Job, JobResult

_FINE = JobResult(exit_code=0, output="", seconds=0.0, log_path="")


class MemoryWorkshop:
    """The twin of the workshop. `jobs` holds every command that was begun, in order.

    A command takes `seconds` of its result; one that takes longer than its limit runs out of time.
    """

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.laid_out: set[tuple[str, str]] = set()
        self._results: dict[str, list[JobResult]] = {}
        self._refusals: dict[str, str] = {}
        self._reports: dict[tuple[str, str], bytes] = {}

    def answer(self, line: str, *results: JobResult) -> None:
        """How this shell line ends: each result once, the last one ever after."""
        if not results:
            raise ValueError("a line needs at least one result")
        self._results[line] = list(results)

    def refuse(self, commit: str, sentence: str | None) -> None:
        """Let laying out this commit fail; None lets it work again."""
        if sentence is None:
            self._refusals.pop(commit, None)
        else:
            self._refusals[commit] = sentence

    def leave(self, commit: str, path: str, content: bytes) -> None:
        """Let this file be there, as if a command had written it."""
        self._reports[commit, path] = content

    def forget(self, commit: str, path: str) -> None:
        """Let this file not be there, as if a command had removed it."""
        self._reports.pop((commit, path), None)

    async def report(self, service: str, commit: str, path: str) -> BinaryIO:
        """A file that was left. Raises ActionFailed when there is none."""
        if (service, commit) not in self.laid_out or (commit, path) not in self._reports:
            raise ActionFailed(f"{path} cannot be read: there is no such file")
        return io.BytesIO(self._reports[commit, path])

    async def lay_out(self, repository: str, service: str, commit: str) -> None:
        """See that the files of this commit stand ready. Raises ActionFailed when told to."""
        del repository
        if commit in self._refusals:
            raise ActionFailed(self._refusals[commit])
        self.laid_out.add((service, commit))

    async def run(self, job: Job) -> JobResult:
        """Run a command as it was told to end."""
        if (job.service, job.commit) not in self.laid_out:
            raise ActionFailed(f'"{job.name}" cannot run: its files are not laid out')
        self.jobs.append(job)
        results = self._results.get(job.line, [_FINE])
        result = results.pop(0) if len(results) > 1 else results[0]
        limit = job.within.total_seconds()
        await asyncio.sleep(min(result.seconds, limit))
        if result.seconds > limit:
            return replace(result, exit_code=None, seconds=limit)
        return result
