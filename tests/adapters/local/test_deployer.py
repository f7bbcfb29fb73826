"""Versions as processes: started once, adopted, stopped with all that they began."""

import asyncio
import fcntl
import os
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from tests.adapters.local.started import starts
from tests.processes import alive

from gonogo.adapters.local.deployer import ProcessDeployer
from gonogo.domain.errors import ActionFailed
from gonogo.domain.instance import InstanceState


async def test_a_process_leads_a_session_of_its_own(deployer, make_instance, healthy):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    status = await deployer.status(instance)
    assert status.pid is not None
    assert os.getsid(status.pid) == status.pid != os.getsid(0)


async def test_a_process_sees_no_secrets_of_the_desk(deployer, make_instance, healthy, monkeypatch):
    monkeypatch.setenv("GONOGO_DATABASE_PASSWORD", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    seen = psutil.Process((await deployer.status(instance)).pid).environ()
    assert "hunter2" not in seen.values()
    assert seen["DATABASE_URL"] == "sqlite:///orders.db"
    assert seen["PORT"] == str(instance.port)
    assert seen["GONOGO_INSTANCE"] == instance.id


async def test_its_output_and_notes_are_readable_by_the_owner_alone(deployer, make_instance):
    instance = make_instance()
    await deployer.start(instance)
    log = Path((await deployer.status(instance)).log_path)
    assert log.stat().st_mode & 0o077 == 0
    assert log.parent.parent.stat().st_mode & 0o077 == 0


async def test_a_second_desk_adopts_what_the_first_one_started(
    deployer, another, make_instance, healthy, files
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    await another.start(instance)
    assert (await another.status(instance)).healthy
    assert len(starts(files)) == 1


async def test_many_starts_at_once_start_one_process(
    deployer, another, make_instance, healthy, files
):
    instance = make_instance()
    await asyncio.gather(*(desk.start(instance) for desk in [deployer, another] * 5))
    await healthy(deployer, instance)
    assert len(starts(files)) == 1


async def test_the_same_id_in_another_directory_is_another_instance(
    deployer, make_instance, healthy, tmp_path, files
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    stranger = ProcessDeployer(tmp_path / "other", lambda service, commit: files)
    assert (await stranger.status(instance)).state is InstanceState.ABSENT
    await stranger.stop(instance.id, grace_seconds=0)
    assert (await deployer.status(instance)).healthy


CRASHING_DESK = """
    import asyncio, os, signal, sys
    from pathlib import Path
    from gonogo.adapters.local import deployer as module
    from gonogo.domain.instance import Instance
    from gonogo.domain.plan import Health

    directory, files, port, moment, line = sys.argv[1:]
    die = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
    if moment == "before the process":
        module.spawn = die
    elif moment == "before the note":
        spawn = module.spawn
        module.spawn = lambda *arguments: die(spawn(*arguments))
    elif moment.startswith("after "):
        import threading
        threading.Timer(float(moment.split()[1]), die).start()

    async def main():
        desk = module.ProcessDeployer(Path(directory), lambda service, commit: Path(files))
        await desk.start(Instance(
            "orders-1", "orders", "production", "v1.2.0", "c" * 40, int(port), line,
            Health("/health"), {"DATABASE_URL": "sqlite:///orders.db"},
        ))
        die()

    asyncio.run(main())
"""


@pytest.mark.parametrize(
    "moment",
    [
        "before the process",
        "before the note",
        "at the end",
        "after 0.001",
        "after 0.004",
        "after 0.016",
    ],
)
async def test_a_desk_killed_while_starting_leaves_no_second_copy(
    moment, deployer, make_instance, healthy, files, tmp_path
):
    instance = make_instance()
    desk = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(CRASHING_DESK),
        str(tmp_path / "instances"),
        str(files),
        str(instance.port),
        moment,
        instance.line,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    assert await desk.wait() == -9
    await deployer.start(instance)
    await healthy(deployer, instance)
    (server,) = starts(files)
    assert os.getsid(server) == (await deployer.status(instance)).pid


async def test_a_process_of_a_dead_desk_that_cannot_be_seen_yet_is_waited_for(
    deployer, make_instance, healthy, files, tmp_path
):
    """As if the desk was killed after its fork, and the child were slow to become its own program."""
    instance = make_instance()
    lock = tmp_path / "instances" / instance.id / "lock"
    lock.parent.mkdir()
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            'sleep 0.5; exec env "GONOGO_INSTANCE=$1" "GONOGO_DIRECTORY=$2"'
            ' /bin/sh -c "exec </dev/null; $3"',
            "child",
            instance.id,
            str(tmp_path / "instances"),
            instance.line,
            stdin=held,
            cwd=files,
            start_new_session=True,
        )
    await deployer.start(instance)
    await healthy(deployer, instance)
    assert (await deployer.status(instance)).pid == child.pid
    assert len(starts(files)) == 1
    await deployer.stop(instance.id, grace_seconds=5)
    await child.wait()


async def test_one_that_cannot_be_stopped_does_not_keep_the_others_running(
    deployer, make_instance, healthy, monkeypatch
):
    first, second = make_instance(), make_instance()
    for instance in (first, second):
        await deployer.start(instance)
        await healthy(deployer, instance)
    pids = [known.pid for known in await deployer.instances()]
    stop = deployer._stop

    async def refuse(instance: str, doing: str, grace_seconds: float) -> bool:
        if instance == first.id:
            raise ActionFailed("it does not end")
        return await stop(instance, doing, grace_seconds)

    with monkeypatch.context() as patch:
        patch.setattr(deployer, "_stop", refuse)
        with pytest.raises(ActionFailed, match="it does not end"):
            await deployer.stop_all(grace_seconds=5)
    assert [alive(pid) for pid in pids] == [True, False]


async def test_an_adopted_process_that_dies_is_found_dead_without_an_exit_code(
    deployer, make_instance, ended, files, tmp_path, healthy
):
    instance = make_instance()
    desk = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(CRASHING_DESK),
        str(tmp_path / "instances"),
        str(files),
        str(instance.port),
        "at the end",
        instance.line,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
    )
    await desk.wait()
    await healthy(deployer, instance)
    psutil.Process((await deployer.status(instance)).pid).kill()
    await ended(deployer, instance)
    assert (await deployer.status(instance)).exit_code is None


async def test_a_lost_note_does_not_lose_the_process(
    deployer, another, make_instance, healthy, files, tmp_path
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    (tmp_path / "instances" / instance.id / "note.json").write_bytes(b"")
    await another.start(instance)
    assert (await another.status(instance)).healthy
    assert len(starts(files)) == 1


async def test_a_note_whose_process_number_was_given_to_another_is_not_believed(
    deployer, another, make_instance, healthy, files, tmp_path
):
    instance = make_instance()
    await deployer.start(instance)
    await healthy(deployer, instance)
    first = (await deployer.status(instance)).pid
    bystander = await asyncio.create_subprocess_exec("sleep", "300")
    try:
        note = tmp_path / "instances" / instance.id / "note.json"
        note.write_text(note.read_text().replace(f'"pid": {first}', f'"pid": {bystander.pid}'))
        assert (await another.status(instance)).state is InstanceState.EXITED
        await another.stop(instance.id, grace_seconds=1)
        assert alive(bystander.pid)
        assert not alive(first)
    finally:
        bystander.kill()
        await bystander.wait()


async def test_a_process_that_ignores_being_asked_is_killed_after_its_grace(
    deployer, make_instance, healthy
):
    instance = make_instance("stubborn")
    await deployer.start(instance)
    await healthy(deployer, instance)
    pid = (await deployer.status(instance)).pid
    begun = time.monotonic()
    await deployer.stop(instance.id, grace_seconds=0.5)
    assert time.monotonic() - begun >= 0.5
    assert not alive(pid)


async def test_stopping_reaches_children_even_those_that_left_the_group(
    deployer, make_instance, healthy
):
    instance = make_instance("children")
    await deployer.start(instance)
    await healthy(deployer, instance)
    lines = (await deployer.status(instance)).log_tail.splitlines()
    children = [int(line.split()[1]) for line in lines if line.startswith("child ")]
    assert len(children) == 2
    assert all(map(alive, children))
    await deployer.stop(instance.id, grace_seconds=5)
    assert not any(map(alive, children))


async def test_what_a_dead_process_left_running_is_cleared_before_it_is_started_again(
    deployer, make_instance, healthy, ended
):
    instance = make_instance("children")
    await deployer.start(instance)
    await healthy(deployer, instance)
    status = await deployer.status(instance)
    children = [int(line.split()[1]) for line in status.log_tail.splitlines() if "child" in line]
    psutil.Process(status.pid).kill()
    await ended(deployer, instance)
    await deployer.start(instance)
    await healthy(deployer, instance)
    assert not any(map(alive, children))


async def test_a_server_behind_a_shell_is_stopped_with_its_shell(
    deployer, make_instance, healthy, files
):
    plain = make_instance()
    instance = make_instance(line=f"true && {plain.line}; true", port=plain.port)
    await deployer.start(instance)
    await healthy(deployer, instance)
    await deployer.stop(instance.id, grace_seconds=5)
    assert not any(map(alive, starts(files)))
