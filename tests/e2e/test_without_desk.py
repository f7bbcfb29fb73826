"""Commands where no desk runs, and desks that cannot start."""

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.desk import DeskHouse


@pytest.fixture
def no_desk() -> Iterator[DeskHouse]:
    """A folder over which no desk was ever started."""
    house = DeskHouse()
    try:
        yield house
    finally:
        house.close()


def test_a_command_without_a_desk_says_how_to_start_one(no_desk: DeskHouse) -> None:
    done = no_desk.run("release", "small", "v1.0.0", "--yes")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith(f"error: no desk is running here ({no_desk.home})")
    assert "hint: start it: `gonogo serve`" in done.err


def test_a_command_after_the_desk_was_killed_says_how_to_start_one(own_desk: DeskHouse) -> None:
    own_desk.kill()
    done = own_desk.run("status")
    assert done.code == 1
    assert "no desk is running" in done.err
    assert "hint: start it: `gonogo serve`" in done.err


def test_down_where_nothing_ever_ran_says_so_and_leaves_no_trace(no_desk: DeskHouse) -> None:
    done = no_desk.run("down")
    assert (done.code, done.out) == (0, "nothing was running\n")
    assert list(no_desk.home.iterdir()) == []


def test_a_desk_whose_port_is_taken_says_so_and_ends(no_desk: DeskHouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = no_desk.run("serve", "--port", str(port))
    assert done.code == 2, done
    assert f"error: port {port} of 127.0.0.1 cannot be used" in done.err
    assert "hint: choose another with --port or GONOGO_PORT" in done.err


def test_a_second_desk_over_the_same_folder_is_refused(own_desk: DeskHouse) -> None:
    done = own_desk.run("serve", "--port", "0")
    assert done.code == 1, done
    assert f"a desk is running over {own_desk.home} already" in done.err
    assert own_desk.get("/health")["desk"] == "gonogo"


def test_the_doctor_looks_with_and_without_a_desk(own_desk: DeskHouse) -> None:
    with_desk = own_desk.run("doctor", "--json")
    own_desk.kill()
    without = own_desk.run("doctor", "--json")
    for done in (with_desk, without):
        assert done.code == 0, done
        assert {"disk", "git", "haproxy", "audit chain"} <= {each["check"] for each in done.data}


def test_the_doctor_names_what_is_missing_and_its_remedy(
    no_desk: DeskHouse, tmp_path: Path
) -> None:
    no_desk.environ = {"PATH": str(tmp_path)}
    done = no_desk.run("doctor")
    assert done.code == 20, done
    assert "✘ git: git is not on PATH" in done.out
    assert "apt install git" in done.out


def test_a_damaged_database_is_named_with_what_to_do(own_desk: DeskHouse) -> None:
    own_desk.kill()
    for side in ("-wal", "-shm"):
        own_desk.database.with_name(own_desk.database.name + side).unlink(missing_ok=True)
    whole = own_desk.database.read_bytes()
    own_desk.database.write_bytes(b"this is no database" * 400)
    done = own_desk.run("serve", "--port", "0")
    own_desk.database.write_bytes(whole)
    assert done.code == 1, done
    assert "is damaged or is not a database" in done.err
    assert "Traceback" not in done.err


def test_down_stops_the_desk_and_not_the_process_that_an_old_note_names(
    own_desk: DeskHouse,
) -> None:
    with subprocess.Popen(["sleep", "600"]) as bystander:
        note = own_desk.home / "desk.json"
        note.write_text(json.dumps({**own_desk.address, "pid": bystander.pid}))
        done = own_desk.run("down")
        assert bystander.poll() is None
        bystander.kill()
    assert done.out.startswith("stopped the desk\n")
    assert own_desk.process.wait(60) == 0
    assert not note.exists()
