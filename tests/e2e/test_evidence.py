"""Evidence and people over a real desk: what a CI job does, and what it cannot do."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from tests.e2e.conftest import Register
from tests.e2e.desk import DeskHouse, SmallService

JUNIT = (
    '<testsuites><testsuite name="{0}" tests="1"><testcase classname="t" name="{0}"/></testsuite>'
    "</testsuites>"
)


def as_somebody(desk: DeskHouse, **variables: str) -> DeskHouse:
    """The same desk's commands, with these variables."""
    return replace(desk, environ={**desk.environ, **variables})


def token(desk: DeskHouse, name: str, role: str) -> str:
    desk.run("people", "add", name, "--role", role)
    return desk.run("people", "token", name).out.strip()


@pytest.fixture
def service(desk: DeskHouse, register: Register) -> SmallService:
    """A registered service of which no version runs."""
    return register(desk, serving=None)


@pytest.fixture
def checkout(service: SmallService, small_repository: Path, tmp_path: Path) -> Path:
    """What a CI job has: a clone at v1.1.0, the service's spec and a folder of reports."""
    place = tmp_path / "checkout"
    command = ["git", "clone", "--quiet", "--branch", "v1.1.0", str(small_repository), str(place)]
    subprocess.run(command, check=True, capture_output=True)
    (place / "gonogo.yaml").write_text(service.spec.read_text())
    (place / "reports").mkdir()
    for name in ("unit", "integration"):
        (place / "reports" / f"{name}.xml").write_text(JUNIT.format(name))
    (place / "reports" / "notes.md").write_text("# notes\n")
    return place


def commit_of(repository: Path, version: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", f"{version}^{{commit}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_a_ci_job_pushes_a_folder_of_reports_with_a_token_of_its_own(
    desk: DeskHouse, service: SmallService, checkout: Path
) -> None:
    secret = token(desk, "shop-ci", "ci")
    ci = as_somebody(
        desk,
        GONOGO_HOME=str(checkout / "none"),
        GONOGO_URL=str(desk.address["url"]),
        GONOGO_TOKEN=secret,
        GITHUB_REPOSITORY="acme/shop",
        GITHUB_RUN_ID="17",
        GITHUB_JOB="test",
    )
    done = ci.run("evidence", "push", "reports", "--json", folder=checkout)
    assert done.code == 0, done
    assert done.err.strip() == "left aside: reports/notes.md"
    found = done.data["evidence"]
    assert [each["name"] for each in found] == ["integration.xml", "unit.xml"]
    assert {each["commit"] for each in found} == {commit_of(checkout, "v1.1.0")}
    assert {(each["by"], each["job"]) for each in found} == {("shop-ci", "acme/shop/17/test")}
    assert all(each["claimed_commit"] and each["claimed_at"] for each in found)

    again = ci.run("evidence", "push", "reports", folder=checkout)
    assert again.out.count("filed already: tests") == 2
    listed = desk.run("evidence", "list", service.name, "v1.1.0")
    assert len(listed.out.splitlines()) == 2
    assert "by shop-ci in acme/shop/17/test" in listed.out
    assert "the commit and the time are the supplier's word" in listed.out
    assert secret not in desk.log.read_text() + done.out + again.out + listed.out


def test_what_a_ci_job_may_not_do_is_refused_with_who_may(
    desk: DeskHouse, service: SmallService
) -> None:
    ci = as_somebody(desk, GONOGO_TOKEN=token(desk, "other-ci", "ci"))
    done = ci.run("release", service.name, "v1.0.0", "--yes")
    assert done.code == 1
    assert done.err.startswith("error: other-ci (CI) may not start a release; these may: owner")


def test_when_one_report_of_two_is_bad_none_is_filed(
    desk: DeskHouse, service: SmallService, checkout: Path
) -> None:
    (checkout / "reports" / "unit.xml").write_text(JUNIT.format("unit")[:-20])
    done = desk.run("evidence", "push", "reports", folder=checkout)
    assert done.code == 2
    assert "error: unit.xml" in done.err
    assert desk.run("evidence", "list", service.name, "v1.1.0", "--json").data == []


def test_a_report_of_another_commit_is_refused(
    desk: DeskHouse, service: SmallService, checkout: Path
) -> None:
    own = commit_of(checkout, "v1.1.0")
    report = {"gonogo": 1, "commit": own, "measurements": [{"name": "p95", "value": 1}]}
    (checkout / "speed.json").write_text(json.dumps(report))
    wrong = desk.run("evidence", "push", "speed.json", "--release", "v1.2.0", folder=checkout)
    assert wrong.code == 2
    assert f"it says {own[:12]}, and v1.2.0 is" in wrong.err
    right = desk.run("evidence", "push", "speed.json", "--release", "v1.1.0", folder=checkout)
    assert right.code == 0, right


def test_a_file_that_lies_in_the_future_is_claimed_to_be_of_now(
    desk: DeskHouse, service: SmallService, checkout: Path
) -> None:
    ahead = 4_000_000_000
    os.utime(checkout / "reports" / "unit.xml", (ahead, ahead))
    done = desk.run("evidence", "push", "reports/unit.xml", "--json", folder=checkout)
    assert done.code == 0, done
    (listed,) = desk.run("evidence", "list", service.name, "v1.1.0", "--json").data
    assert listed["age_seconds"] < 600
    told = ("evidence", "push", "reports/unit.xml", "--at", "2099-01-01T00:00Z", "--release", "bad")
    assert "is from the future" in desk.run(*told, folder=checkout).err


def test_a_drill_is_pushed_for_the_whole_service_from_anywhere(
    desk: DeskHouse, service: SmallService, tmp_path: Path
) -> None:
    drill = {"name": "nightly", "restored": True, "smoke_passed": True}
    drill |= {"data_age_seconds": 60, "restore_seconds": 5}
    (tmp_path / "drill.json").write_text(json.dumps({"gonogo": 1, "drill": drill}))
    words = ("evidence", "push", "drill.json", "--service-wide")
    unnamed = desk.run(*words, folder=tmp_path)
    assert (unnamed.code, "which service is it?" in unnamed.err) == (2, True)
    named = desk.run(*words, "--service", service.name, folder=tmp_path)
    assert named.code == 0, named
    assert "drill.json" in desk.run("evidence", "list", service.name).out


def test_nothing_is_filed_in_a_dry_run(
    desk: DeskHouse, service: SmallService, checkout: Path
) -> None:
    done = desk.run("evidence", "push", "reports", "--dry-run", folder=checkout)
    assert (done.code, done.out.count("fits: tests")) == (0, 2)
    assert desk.run("evidence", "list", service.name, "v1.1.0", "--json").data == []


def test_a_person_is_known_until_their_token_is_revoked(desk: DeskHouse) -> None:
    secret = token(desk, "Ann Qa", "qa")
    ann = as_somebody(desk, GONOGO_TOKEN=secret)
    assert ann.run("whoami").out.startswith("Ann Qa (qa) may:\n  look\n")
    assert ann.run("people", "add", "Bob", "--role", "admin").code == 1
    mine = next(each for each in desk.run("people", "--json").data if each["name"] == "Ann Qa")
    assert desk.run("people", "revoke", mine["tokens"][0]["id"]).code == 0
    gone = ann.run("whoami")
    assert gone.code == 1
    assert gone.err.strip() == "error: the token is missing, wrong, expired or revoked"
    assert desk.run("people", "roles", "Ann Qa", "--role", "devops").out.endswith("devops now\n")
    assert "left; their tokens stop" in desk.run("people", "remove", "Ann Qa").out.replace(
        "has ", ""
    )


def test_a_token_is_alone_on_stdout_and_never_in_the_desks_files_as_it_is(desk: DeskHouse) -> None:
    desk.run("people", "add", "Cy", "--role", "ci")
    done = desk.run("people", "token", "Cy", "--days", "1")
    secret = done.out.strip()
    assert secret.startswith("gonogo_")
    assert secret not in done.err
    kept = [file for file in desk.home.rglob("*") if file.is_file()]
    assert all(secret.encode() not in file.read_bytes() for file in kept)


def test_without_a_desk_a_push_says_how_to_start_one(checkout: Path, tmp_path: Path) -> None:
    nobody = DeskHouse(home=tmp_path / "home")
    done = nobody.run("evidence", "push", "reports", folder=checkout)
    assert (done.code, "no desk is running here" in done.err) == (1, True)
