"""What a spec says its environments are deployed on."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gonogo.domain.ground import PROCESSES, Script, Scripts, SystemdUnits
from gonogo.domain.plan import Plan
from gonogo.spec import json_schema, load
from gonogo.spec.problem import SpecError
from gonogo.storage.codec import decode, encode

EXAMPLE = Path(__file__).with_name("example.yaml").read_text()
SCRIPTS = """    deploy:
      command:
        deploy: {run: './at deploy {instance} {port}', within: 3m, repeatable: true}
        read: ./at read {instance}
        retire: ./at retire {instance}
        every: 1s
"""
WEIGHT = "        weight: ./at weight {instance} {share}\n"
COUNTS = """metrics:
  prometheus:
    url: http://127.0.0.1:9090/
    counts:
      errors: {total: t, bad: b}
      create-order: {total: t, bad: b}
      slow: {buckets: seconds_bucket}
      tracking errors: {total: t, bad: b}
"""


def spec(deploy: str, more: str = "") -> str:
    """The example, with this in production."""
    text = EXAMPLE.replace("    port: 8080\n", f"    port: 8080\n{deploy}", 1)
    return text.replace("testers: {header: X-Orders-Canary}", "testers: off") + more


def shared_elsewhere(counts: str = COUNTS) -> str:
    """A platform that shares customers itself, and counters of everything that is judged."""
    return (
        spec(SCRIPTS + WEIGHT, counts).replace(", unit: client", "").replace(", once_in: off", "")
    )


def test_an_environment_that_says_nothing_runs_as_processes_of_this_machine() -> None:
    plan = load(EXAMPLE, "gonogo.yaml")
    assert [each.ground for each in plan.environments] == [PROCESSES, PROCESSES]


def test_a_word_is_enough_for_what_this_machine_has() -> None:
    assert load(spec("    deploy: systemd\n"), "gonogo.yaml").production.ground == SystemdUnits()
    assert load(spec("    deploy: processes\n"), "gonogo.yaml").production.ground == PROCESSES


def test_scripts_are_read_with_their_limits() -> None:
    plan = load(spec(SCRIPTS), "gonogo.yaml")
    assert plan.production.ground == Scripts(
        deploy=Script("./at deploy {instance} {port}", timedelta(minutes=3)),
        read=Script("./at read {instance}", timedelta(seconds=5)),
        retire=Script("./at retire {instance}", timedelta(minutes=2)),
        repeatable=True,
        every=timedelta(seconds=1),
    )
    assert plan.rehearsals[0].ground == PROCESSES


@pytest.mark.parametrize("deploy", ["", "    deploy: systemd\n", SCRIPTS])
def test_a_plan_keeps_its_ground_when_stored(deploy: str) -> None:
    plan = load(spec(deploy), "gonogo.yaml")
    assert decode(Plan, encode(plan)) == plan


def test_a_plan_stored_before_there_were_grounds_means_processes() -> None:
    plan = load(EXAMPLE, "gonogo.yaml")
    stored = json.loads(encode(plan))
    for environment in stored["environments"]:
        del environment["ground"]
    assert decode(Plan, json.dumps(stored)) == plan


@pytest.mark.parametrize("deploy", ["    deploy: systemd\n", "    deploy: processes\n", SCRIPTS])
def test_editors_accept_what_the_reader_accepts(deploy: str) -> None:
    seen = YAML(typ="safe", pure=True).load(spec(deploy))
    assert not list(Draft202012Validator(json_schema()).iter_errors(seen))


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        (SCRIPTS, "    deploy: kubernetes\n", 'unknown value "kubernetes"; allowed: processes'),
        (SCRIPTS, "    deploy: sistemd\n", 'did you mean "systemd"?'),
        (SCRIPTS, "    deploy: command\n", "command needs its scripts"),
        (SCRIPTS, "    deploy: [systemd]\n", "not a list"),
        ("command:", "comand:", 'did you mean "command"?'),
        ("        read: ./at read {instance}\n", "", "read is missing"),
        ("retire: ./", "retiere: ./", 'did you mean "retire"?'),
        ("{port}", "{ports}", "unknown placeholder {ports}"),
        ("{port}", "{share}", "{share} is not known in this script of a platform"),
        ("{port}", "{database_url}", "{database_url} is not known in this script"),
        ("every: 1s", "every: 6s", "less than twice"),
        ("within: 3m", "within: 3h", "deploy may take 2h at the most"),
        ("repeatable: true", "repeatable: maybe", "allowed: true, false"),
    ],
)
def test_mistakes_are_told_with_their_place(good: str, bad: str, sentence: str) -> None:
    assert good in SCRIPTS
    with pytest.raises(SpecError) as found:
        load(spec(SCRIPTS.replace(good, bad, 1)), "gonogo.yaml")
    assert sentence in str(found.value)


def test_a_platform_that_shares_customers_needs_counters_of_all_that_is_judged() -> None:
    ground = load(shared_elsewhere(), "gonogo.yaml").production.ground
    assert isinstance(ground, Scripts)
    assert ground.weight == Script("./at weight {instance} {share}", timedelta(seconds=30))
    with pytest.raises(SpecError, match='name counters of "errors", "create-order", "slow", "tr'):
        load(shared_elsewhere(""), "gonogo.yaml")
    with pytest.raises(SpecError, match='name counters of "slow" in metrics'):
        load(shared_elsewhere(COUNTS.replace("      slow: {buckets: seconds_bucket}\n", "")), "x")


def test_a_platform_that_shares_customers_knows_no_testers() -> None:
    text = shared_elsewhere().replace("testers: off", "testers: {header: X-Tester}")
    with pytest.raises(SpecError, match="no header that leads testers"):
        load(text, "gonogo.yaml")


def test_memory_of_processes_cannot_be_read_from_a_platform() -> None:
    gauge = "  errors: {bad: 5xx"
    text = spec(SCRIPTS).replace(
        gauge, "  memory: {gauge: memory, at_most: 1GB, for: 30s}\n" + gauge
    )
    with pytest.raises(
        SpecError, match='"memory" is the memory of processes, and those of production'
    ):
        load(text, "gonogo.yaml")
    load(text.replace(SCRIPTS, ""), "gonogo.yaml")
