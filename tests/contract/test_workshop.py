"""What every workshop keeps."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.adapters.memory.workshop import MemoryWorkshop
from gonogo.domain.errors import ActionFailed
from gonogo.ports.workshop import Job, JobResult, Workshop

UNKNOWN = "a" * 40
TELLS, FAILS, HANGS = "echo $WHO", "echo no; exit 4", "sleep 100"
REPORTS = "mkdir -p out && printf good > out/report.txt"


@pytest.fixture
def commit(repository: Path, run_git: Callable[..., str]) -> str:
    return run_git(repository, "rev-parse", "v1.1.0^{commit}")


@pytest.fixture(params=["git", "memory"])
def workshop(request: pytest.FixtureRequest, tmp_path: Path) -> Workshop:
    if request.param == "git":
        return GitWorkshop(tmp_path / "workshop")
    twin = MemoryWorkshop()
    twin.answer(TELLS, JobResult(0, "me", 0.0, "log"))
    twin.answer(FAILS, JobResult(4, "no", 0.0, "log"))
    twin.answer(HANGS, JobResult(0, "", 100.0, "log"))
    twin.refuse(UNKNOWN, "there is no such commit")
    return twin


@pytest.fixture
def run(workshop: Workshop, commit: str) -> Callable[[str], object]:
    async def run_line(line: str) -> JobResult:
        job = Job("orders", commit, "hook", line, timedelta(seconds=0.5), {"WHO": "me"})
        return await workshop.run(job)

    return run_line


async def test_a_command_needs_the_files_of_its_version(run):
    with pytest.raises(ActionFailed, match='"hook" cannot run'):
        await run(TELLS)


async def test_a_commit_that_is_not_there_cannot_be_laid_out(workshop, repository):
    with pytest.raises(ActionFailed):
        await workshop.lay_out(str(repository), "orders", UNKNOWN)


@pytest.mark.parametrize(
    ("line", "code", "output", "ok"),
    [(TELLS, 0, "me", True), (FAILS, 4, "no", False), (HANGS, None, "", False)],
)
async def test_a_command_ends_with_its_code_or_runs_out_of_time(
    line, code, output, ok, workshop, repository, commit, run
):
    for _ in range(2):
        await workshop.lay_out(str(repository), "orders", commit)
    result = await run(line)
    assert (result.exit_code, result.output, result.ok) == (code, output, ok)
    assert code is None or result.log_path


async def test_a_report_that_a_command_left_can_be_read(workshop, repository, commit, run):
    await workshop.lay_out(str(repository), "orders", commit)
    await run(REPORTS)
    if isinstance(workshop, MemoryWorkshop):
        workshop.leave(commit, "out/report.txt", b"good")
    with await workshop.report("orders", commit, "out/report.txt") as file:
        assert file.read() == b"good"


@pytest.mark.parametrize("path", ["nothing.txt", "../locks", "/etc/passwd", "."])
async def test_a_report_that_is_not_there_or_lies_elsewhere_is_refused(
    path, workshop, repository, commit
):
    await workshop.lay_out(str(repository), "orders", commit)
    with pytest.raises(ActionFailed):
        await workshop.report("orders", commit, path)


async def test_a_link_that_leads_out_of_the_version_is_refused(tmp_path, repository, commit):
    workshop = GitWorkshop(tmp_path / "workshop")
    await workshop.lay_out(str(repository), "orders", commit)
    (workshop.files("orders", commit) / "link").symlink_to("/etc/hostname")
    with pytest.raises(ActionFailed, match="outside"):
        await workshop.report("orders", commit, "link")
