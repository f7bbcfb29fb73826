import asyncio
import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.processes import alive

from gonogo.adapters.local import workshop as module
from gonogo.adapters.local.output import Output
from gonogo.adapters.local.workshop import GitWorkshop
from gonogo.domain.errors import ActionFailed, InvalidInput
from gonogo.ports.workshop import Job


@pytest.fixture
def commit(repository: Path, run_git: Callable[..., str]) -> str:
    return run_git(repository, "rev-parse", "v1.1.0^{commit}")


@pytest.fixture
def workshop(tmp_path: Path) -> GitWorkshop:
    return GitWorkshop(tmp_path / "workshop")


@pytest.fixture
async def ready(workshop: GitWorkshop, repository: Path, commit: str) -> GitWorkshop:
    await workshop.lay_out(str(repository), "orders", commit)
    return workshop


@pytest.fixture
def job(commit: str) -> Callable[..., Job]:
    def make(line: str, *, seconds: float = 30, **variables: str) -> Job:
        return Job("orders", commit, "migrate up", line, timedelta(seconds=seconds), variables)

    return make


async def test_all_files_of_the_commit_are_there_and_no_others(ready, commit):
    files = ready.files("orders", commit)
    assert (files / "version.txt").read_text() == "v1.1.0\n"
    assert os.access(files / "run.sh", os.X_OK)
    assert sorted(path.name for path in files.iterdir()) == [
        ".gitattributes",
        "left-out.txt",
        "run.sh",
        "version.txt",
    ]


async def test_the_users_repository_stays_as_it_was(workshop, repository, commit, run_git):
    def state() -> tuple[object, ...]:
        everything = sorted((str(path), path.stat().st_mtime_ns) for path in repository.rglob("*"))
        return everything, (repository / "version.txt").read_text()

    before = state()
    await workshop.lay_out(str(repository), "orders", commit)
    assert state() == before
    assert len(run_git(repository, "worktree", "list").splitlines()) == 1


async def test_a_sparse_checkout_of_the_user_does_not_make_a_version_sparse(
    workshop, repository, commit, run_git
):
    run_git(repository, "checkout", "--quiet", "--force", "v1.2.0")
    run_git(repository, "sparse-checkout", "set", "--no-cone", "run.sh")
    await workshop.lay_out(str(repository), "orders", commit)
    assert (workshop.files("orders", commit) / "version.txt").exists()


async def test_a_bare_repository_will_do(workshop, repository, commit, run_git, tmp_path):
    run_git(tmp_path, "clone", "--quiet", "--bare", str(repository), "bare.git")
    await workshop.lay_out(str(tmp_path / "bare.git"), "orders", commit)
    assert (workshop.files("orders", commit) / "version.txt").read_text() == "v1.1.0\n"


async def test_laying_out_again_keeps_what_a_build_has_made(ready, repository, commit):
    built = ready.files("orders", commit) / "built"
    built.write_text("by the build")
    await ready.lay_out(str(repository), "orders", commit)
    assert built.exists()


async def test_laying_out_twice_at_once_does_it_once(workshop, repository, commit):
    await asyncio.gather(*(workshop.lay_out(str(repository), "orders", commit) for _ in range(4)))
    assert (workshop.files("orders", commit) / "version.txt").read_text() == "v1.1.0\n"


KILLED_DESK = """
    import asyncio, os, signal, sys
    from datetime import timedelta
    from pathlib import Path
    from gonogo.adapters.local import workshop as module
    from gonogo.ports.workshop import Job

    directory, repository, commit, doing = sys.argv[1:]
    die = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)

    async def half_made(repository, commit, making, *rest):
        (making / "files" / "version.txt").write_text("half")
        die()

    async def main():
        workshop = module.GitWorkshop(Path(directory))
        if doing == "lay out":
            module._check_out = half_made
        await workshop.lay_out(repository, "orders", commit)
        line = "echo $$ > pid; exec sleep 300"
        run = asyncio.create_task(
            workshop.run(Job("orders", commit, "migrate up", line, timedelta(seconds=60)))
        )
        pid = workshop.files("orders", commit) / "pid"
        while not (pid.exists() and pid.read_text().strip()):
            await asyncio.sleep(0.01)
        die()

    asyncio.run(main())
"""


async def killed_desk(directory: Path, repository: Path, commit: str, doing: str) -> None:
    desk = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(KILLED_DESK),
        str(directory),
        str(repository),
        commit,
        doing,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    assert await desk.wait() == -9


async def test_half_made_files_of_a_killed_desk_are_made_anew(
    workshop, repository, commit, tmp_path
):
    await killed_desk(tmp_path / "workshop", repository, commit, "lay out")
    files = workshop.files("orders", commit)
    assert not files.exists()
    await workshop.lay_out(str(repository), "orders", commit)
    assert (files / "version.txt").read_text() == "v1.1.0\n"
    assert (files / "run.sh").exists()
    assert not list(files.parent.glob(".*"))


async def test_a_command_that_lost_its_desk_is_ended_before_it_runs_again(
    workshop, repository, commit, tmp_path, job
):
    await killed_desk(tmp_path / "workshop", repository, commit, "run")
    orphan = int((workshop.files("orders", commit) / "pid").read_text())
    assert alive(orphan)
    result = await workshop.run(job("cat pid"))
    assert result.output.strip() == str(orphan)
    assert not alive(orphan)


async def test_commands_that_lost_their_desk_can_be_ended_and_others_are_left_alone(
    workshop, repository, commit, tmp_path, job
):
    await killed_desk(tmp_path / "workshop", repository, commit, "run")
    orphan = int((workshop.files("orders", commit) / "pid").read_text())
    other = replace(job("read line < go; echo done"), name="hook")
    os.mkfifo(workshop.files("orders", commit) / "go")
    run = asyncio.create_task(workshop.run(other))
    fifo = await asyncio.to_thread((workshop.files("orders", commit) / "go").open, "w")
    assert await workshop.end_orphans() == ("migrate up",)
    assert not alive(orphan)
    with fifo:
        fifo.write("go\n")
    assert (await run).output == "done"


async def test_an_unknown_commit_says_what_git_says(workshop, repository):
    with pytest.raises(ActionFailed, match=f"cannot lay out the files of orders {'a' * 12}"):
        await workshop.lay_out(str(repository), "orders", "a" * 40)
    assert not workshop.files("orders", "a" * 40).exists()


async def test_a_repository_that_is_gone_says_so(workshop, tmp_path):
    with pytest.raises(ActionFailed, match="there is no repository at"):
        await workshop.lay_out(str(tmp_path / "gone"), "orders", "a" * 40)


@pytest.mark.parametrize(("service", "name"), [("../x", "a" * 40), ("orders", "--all"), ("", "x")])
def test_names_that_could_leave_the_directory_are_refused(service, name, workshop):
    with pytest.raises(InvalidInput):
        workshop.files(service, name)


async def test_a_command_runs_in_the_files_of_its_version(ready, job):
    result = await ready.run(job("./run.sh; cat version.txt; exit 4"))
    assert result.exit_code == 4
    assert result.output == "v1.1.0\nv1.1.0"
    assert Path(result.log_path).read_text() == "v1.1.0\nv1.1.0\n"


async def test_a_command_sees_its_variables_and_no_secret_of_the_desk(ready, job, monkeypatch):
    monkeypatch.setenv("SLACK_TOKEN", "hunter2")
    result = await ready.run(job("env", DATABASE_URL="sqlite:///x.db"))
    assert "DATABASE_URL=sqlite:///x.db" in result.output
    assert "GONOGO_SERVICE=orders" in result.output
    assert "hunter2" not in result.output


async def test_a_command_that_runs_out_of_time_is_killed_with_all_it_started(ready, job, commit):
    line = "setsid sleep 300 & sleep 300 & trap '' TERM; echo $! > pid; wait; sleep 300"
    result = await ready.run(job(line, seconds=0.3))
    assert result.exit_code is None
    assert not result.ok
    directory = str(ready.files("orders", commit).parent.parent)
    assert not module.tagged({"GONOGO_DIRECTORY": directory})


async def test_a_cancelled_command_is_ended(ready, job, commit, until):
    run = asyncio.create_task(ready.run(job("echo $$ > pid; exec sleep 300")))
    pid = ready.files("orders", commit) / "pid"

    async def begun() -> bool:
        return pid.exists() and pid.read_text().strip() != ""

    await until(begun)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not alive(int(pid.read_text()))


async def test_what_a_command_leaves_in_the_background_ends_with_it(ready, job):
    result = await ready.run(job("sleep 300 & echo $!"))
    assert result.ok
    assert not alive(int(result.output))


async def test_endless_output_does_not_fill_the_disk(ready, job, monkeypatch):
    monkeypatch.setattr(module, "Output", lambda path: Output(path, limit_bytes=200_000))
    result = await ready.run(job("for i in $(seq 60); do seq 5000; sleep 0.02; done"))
    assert result.ok
    assert Path(result.log_path).stat().st_size < 1_500_000
    assert result.output.endswith("5000")


async def test_a_command_without_files_is_refused(workshop, job):
    with pytest.raises(ActionFailed, match='"migrate up" cannot run: its files are not at'):
        await workshop.run(job("true"))


async def test_an_answer_is_kept_apart_from_what_is_only_said(ready, job):
    result = await ready.run(replace(job("echo so; echo aside >&2"), answer_bytes=100))
    assert (result.exit_code, result.answer, result.output) == (0, b"so\n", "aside")


async def test_a_command_that_answers_without_end_is_ended_soon(ready, job):
    result = await ready.run(replace(job("yes", seconds=600), answer_bytes=10))
    assert (result.exit_code, len(result.answer)) == (None, 11)
    assert result.seconds < 600
