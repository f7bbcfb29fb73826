"""What people say to releases, what they are refused, and how they are told of what goes on."""

import signal
import subprocess

import pytest
from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse, eventually

LONG = ("20% for 10m, at least 100000 requests",)
"""A step that outlasts every test, also when its limits are soon shown to be kept."""


def test_an_unknown_tag_is_refused_with_the_nearest(desk: DeskHouse, register: Register) -> None:
    service = register(desk, serving=None)
    done = desk.run("release", service.name, "v1.1", "--yes")
    assert done.code == 1
    assert 'has no tag "v1.1"' in done.err
    assert "nearest: v1.1.0" in done.err
    assert done.err.count("hint:") == 1
    assert done.out == ""


def test_an_unknown_service_is_refused_with_those_that_are_known(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, serving=None)
    done = desk.run("release", "smal", "v1.0.0", "--yes")
    assert done.code == 1
    assert service.name in done.err
    assert "gonogo register" in done.err


def test_the_version_that_serves_already_is_refused(desk: DeskHouse, register: Register) -> None:
    service = register(desk)
    done = desk.run("release", service.name, "v1.0.0", "--yes")
    assert done.code == 1
    assert "serves production already" in done.err


def test_a_second_release_of_the_service_is_refused_with_a_pointer_to_the_first(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONG)
    first = desk.begin(service.name, "v1.1.0")
    done = desk.run("release", service.name, "v1.2.0", "--yes")
    assert done.code == 1, done
    assert "v1.1.0" in done.err
    assert first in done.err
    desk.until_step(first)


def test_a_changed_spec_is_refused_while_a_release_is_under_way(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONG)
    release = desk.begin(service.name, "v1.1.0")
    desk.until_step(release)
    before = desk.get("/services")
    service.spec.write_text(service.spec.read_text().replace("limit: 10%", "limit: 90%"))
    repository = next(found["repository"] for found in before if found["service"] == service.name)
    done = desk.run("register", str(service.spec), "--repository", repository, "--yes")
    assert done.code == 1, done
    assert "its spec cannot change meanwhile" in done.err
    assert desk.get("/services")[0]["digest"] == before[0]["digest"]


def test_nobody_at_the_terminal_must_say_yes(desk: DeskHouse, register: Register) -> None:
    service = register(desk, serving=None)
    done = desk.run("release", service.name, "v1.0.0")
    assert done.code == 2
    assert "--yes" in done.err
    assert desk.get(f"/releases?service={service.name}")["items"] == []


@pytest.mark.slow
def test_a_paused_release_holds_until_it_is_resumed(desk: DeskHouse, register: Register) -> None:
    service = register(desk)
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        paused = desk.run("pause", service.name, "-m", "lunch")
        assert paused.code == 0, paused
        assert "customers are still watched" in paused.out
        assert desk.until(release, "paused")["reason"].endswith(": lunch")
        assert desk.run("status", release).code == 10
        seen = customers.of("v1.1.0")
        eventually(lambda: customers.of("v1.1.0") > seen + 5, "customers of a paused canary")
        assert desk.run("resume", release, "-m", "back again").code == 0
        desk.until(release, "released")
    assert customers.lost == []


def test_a_paused_release_that_turns_bad_is_taken_back_all_the_same(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONG)
    with Customers(service.port):
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        desk.run("pause", service.name, "-m", "lunch")
        desk.until(release, "paused")
        (service.state / "bad.v1.1.0").touch()
        found = desk.until(release, "rolled_back")
    assert "errors" in found["reason"]


def test_a_release_under_customers_cannot_be_aborted_but_taken_back(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONG)
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until_step(release)
        refused = desk.run("abort", service.name, "-m", "no")
        assert refused.code == 1
        assert "cannot be aborted any more" in refused.err
        assert f'gonogo rollback {service.name} --reason "…"' in refused.err
        said = desk.run("rollback", service.name, "-m", "wrong day", "--yes")
        assert said.code == 0, said
        found = desk.until(release, "rolled_back")
    assert "wrong day" in found["reason"]
    assert customers.lost == []
    assert desk.run("watch", release).code == 20


def test_a_release_that_is_still_in_staging_can_be_aborted(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, migrates=True)
    release = desk.begin(service.name, "migration-slow")
    runs = service.state / "migrations"
    eventually(lambda: "slow in staging" in runs.read_text(), "the migration")
    said = desk.run("abort", service.name, "-m", "wrong tag")
    assert said.code == 0, said
    (service.state / "let go").touch()
    found = desk.until(release, "aborted")
    assert found["reason"].endswith(": wrong tag")
    assert desk.run("watch", release).code == 20
    assert list(desk.slots(service.name, "staging")) == ["v1.0.0"]


def test_a_release_taken_back_in_staging_leaves_nothing_running_there(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    release = desk.begin(service.name, "sick")
    eventually(lambda: "sick" in desk.slots(service.name, "staging"), "the start in staging")
    assert desk.run("rollback", release, "-m", "wrong tag", "--yes").code == 0
    desk.until(release, "rolled_back")
    assert list(desk.slots(service.name, "staging")) == ["v1.0.0"]


def test_every_word_that_does_not_fit_is_refused_with_the_stage_it_stands_in(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=LONG)
    release = desk.begin(service.name, "v1.1.0")
    desk.until_step(release)
    for words, sentence in (
        (("resume",), "it does not wait for anybody"),
        (("confirm",), "there is nothing to confirm"),
        (("reject",), "there is nothing to confirm"),
    ):
        done = desk.run(*words, release, "-m", "because")
        assert done.code == 1, done
        assert sentence in done.err
        assert "is canary" in done.err
    silent = desk.run("pause", release)
    assert silent.code == 2
    assert "a reason is needed" in silent.err
    both = desk.run("resume", release, "--done", "--again", "-m", "because")
    assert both.code == 2
    unknown = desk.run("pause", "nothing", "-m", "because")
    assert unknown.code == 1
    assert 'no release "nothing" is known' in unknown.err


@pytest.mark.slow
def test_a_promoted_release_can_be_taken_back_while_it_is_watched(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, watch="3s")
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until(release, "watching")
        assert desk.slots(service.name)["v1.1.0"]["share"] == 1.0
        # By the API: a command line takes longer to start, on a busy machine, than the watch lasts.
        desk.post(
            f"/releases/{release}/instructions", {"kind": "roll_back", "reason": "a call came in"}
        )
        desk.until(release, "rolled_back")
    assert customers.lost == []
    assert desk.slots(service.name)["v1.0.0"]["share"] == 1.0
    refused = desk.run("rollback", release, "-m", "again", "--yes")
    assert refused.code == 1
    assert "has ended: it is rolled back" in refused.err


VERIFIED = ("verification: {within: 10m, on_silence: needs person}",)


def test_a_person_confirms_and_only_then_the_release_goes_on(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, extra=VERIFIED, serving=None)
    release = desk.begin(service.name, "v1.0.0")
    desk.until(release, "verifying")
    eventually(lambda: desk.entry(release, "desk:smoke:passed"), "the smoke test")
    assert desk.run("confirm", service.name).code == 0
    desk.until(release, "released")
    assert desk.entry(release, "person:verification:confirmed")


@pytest.mark.slow
def test_a_person_rejects_and_the_release_is_taken_back(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, extra=VERIFIED, serving=None)
    first = desk.begin(service.name, "v1.0.0")
    desk.until(first, "verifying")
    desk.run("confirm", first)
    desk.until(first, "released")
    with Customers(service.port) as customers:
        release = desk.begin(service.name, "v1.1.0")
        desk.until(release, "verifying")
        assert desk.run("reject", release, "-m", "the page is blank").code == 0
        found = desk.until(release, "rolled_back")
    assert "the page is blank" in found["reason"]
    assert customers.lost == []


def test_without_traffic_it_holds_and_says_for_how_much_then_goes_on_when_it_comes(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=("50% for 200ms, at least 15 requests",))
    release = desk.begin(service.name, "v1.1.0")
    desk.until_step(release)
    waits = "waits for traffic: 0 of 15 canary requests seen"
    eventually(lambda: desk.release(release)["reason"] == waits, "the sentence")
    assert waits in desk.run("why", release).out
    with Customers(service.port):
        desk.until(release, "released")


@pytest.mark.slow
def test_without_traffic_a_person_is_asked_when_patience_has_run_out(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=("50% for 200ms, at least 15 requests",), patience="1s")
    done = desk.run("release", service.name, "v1.1.0", "--yes")
    assert done.code == 10, done
    assert "waits for traffic: 0 of 15 canary requests seen" in done.out
    assert desk.slots(service.name)["v1.0.0"]["share"] == 0.5


@pytest.mark.slow
def test_ctrl_c_leaves_the_release_running_and_says_how_to_get_back(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk, steps=("20% for 8s, at least 15 requests",))
    with Customers(service.port):
        following = subprocess.Popen(
            desk.command("release", service.name, "v1.1.0", "--yes"),
            env=desk.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert following.stderr is not None
        for line in following.stderr:
            if "of customers for" in line:
                break
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=60)
        release = desk.release(service.name)
        assert following.returncode == 130
        assert f"{service.name} v1.1.0 goes on without you" in err
        assert f"gonogo watch {release['id']}" in err
        assert "Traceback" not in err
        assert desk.run("watch", release["id"]).code == 0
    assert desk.release(release["id"])["stage"] == "released"
