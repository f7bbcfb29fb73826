"""A good spec becomes the plan it describes."""

import hashlib
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.domain.gate_rules import SmokeRule
from gonogo.domain.plan import (
    Command,
    CommandSmoke,
    CriterionMode,
    Environment,
    Health,
    HttpSmoke,
    Migrations,
    OnSilence,
    OnUnproven,
    Plan,
    RollbackCriterion,
    Rollout,
    Step,
    Verification,
)
from gonogo.domain.traffic import BadStatus, Endpoint, Kpi, SlowerThan, Unit
from gonogo.spec import SpecError, load

EXAMPLE = Path(__file__).with_name("example.yaml").read_text()
SMALLEST = """\
service: hello
run: ./hello {port}
health: /
smoke: [{name: front page, get: /}]
environments: {production: {port: 8080}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: [10% for 1m]}
gates: {smoke: required}
"""


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_the_full_example_becomes_the_plan_it_describes() -> None:
    server_errors = BadStatus(((500, 599),))
    assert load(EXAMPLE) == Plan(
        service="orders",
        digest=hashlib.sha256(EXAMPLE.encode()).hexdigest(),
        build=Command(
            "build",
            "python -m pip install --no-index --target .site -r requirements.txt",
            repeatable=True,
        ),
        run="python -m orders --port {port}",
        health=Health("/health", timedelta(seconds=30)),
        migrations=Migrations(
            Command("upgrade", "python -m alembic upgrade head"),
            Command("downgrade", "python -m alembic downgrade -1", minutes(2)),
        ),
        before=(Command("freeze jobs", "./jobs freeze", minutes(1), repeatable=True),),
        after=(Command("clear cache", "./cache clear {environment}"),),
        smoke=(
            HttpSmoke(
                "log in",
                "POST",
                "/api/v1/login",
                body={"user": "qa", "password": "not-a-secret", "attempts": 1},
                expect_json={"role": "qa"},
                save={"token": "data.token"},
            ),
            HttpSmoke(
                "list orders",
                "GET",
                "/api/v1/orders",
                headers={"Authorization": "Bearer ${token}"},
                within=timedelta(seconds=5),
            ),
            CommandSmoke("full path", Command("full path", "./smoke.sh {url}", repeatable=True)),
        ),
        environments=(
            Environment(
                "staging",
                8081,
                database_url="sqlite:///staging.db",
                variables={"LOG_LEVEL": "debug", "WORKERS": "2", "TRACE": "true", "CODE": "010"},
            ),
            Environment("production", 8080, "127.0.0.1", "sqlite:///production.db"),
        ),
        kpis=(
            Kpi("errors", server_errors, limit=0.05, ratio=1.2, once_in=minutes(1)),
            Kpi(
                "create-order",
                BadStatus(((500, 599), (429, 429))),
                Endpoint("POST", "/api/v1/orders"),
                limit=0.05,
                unit=Unit.CLIENT,
                once_in=minutes(10),
            ),
            Kpi("slow", SlowerThan(timedelta(milliseconds=400)), limit=0.05),
        ),
        rollout=Rollout(
            (
                Step(0.05, minutes(2), 100),
                Step(0.25, minutes(5), 300),
                Step(0.5, minutes(90), 100),
            ),
            on_unproven=OnUnproven.HOLD,
            patience=timedelta(hours=2),
            warm=minutes(15),
            drain=timedelta(seconds=20),
        ),
        watch=minutes(45),
        rollback_criteria=(
            RollbackCriterion(
                "tracking errors",
                server_errors,
                Endpoint(None, "/api/v1/orders/tracking"),
                0.05,
                CriterionMode.LITERAL,
                minutes(30),
                20,
            ),
        ),
        verification=Verification(minutes(20), OnSilence.ROLL_BACK),
        tester_header="X-Orders-Canary",
        gates=(SmokeRule(),),
    )


def test_the_smallest_spec_gets_the_documented_defaults() -> None:
    plan = load(SMALLEST)
    assert plan.rollout == Rollout((Step(0.1, minutes(1), 100),))
    assert plan.rollout.on_unproven is OnUnproven.ADVANCE
    assert (plan.watch, plan.health.within) == (minutes(30), timedelta(seconds=30))
    assert (plan.build, plan.migrations, plan.verification) == (None, None, None)
    assert (plan.before, plan.after, plan.rollback_criteria) == ((), (), ())
    assert plan.environments == (Environment("production", 8080, "127.0.0.1"),)
    assert plan.tester_header == "X-Gonogo-Canary"


@pytest.mark.parametrize(
    ("line", "header"),
    [("testers: off", None), ("testers: {header: X-Me}", "X-Me"), ("", "X-Gonogo-Canary")],
)
def test_the_testers_way_in_can_be_named_or_closed(line: str, header: str | None) -> None:
    assert load(SMALLEST + line).tester_header == header


@pytest.mark.parametrize(
    "run", ["./hello {port}", "./hello $PORT", "./hello ${PORT}", "PORT={port} node server.js"]
)
def test_run_may_take_its_port_as_placeholder_or_variable(run: str) -> None:
    assert load(SMALLEST.replace("./hello {port}", f"'{run}'")).run == run


def test_bytes_and_text_give_the_same_plan_and_digest() -> None:
    assert load(EXAMPLE.encode()) == load(EXAMPLE)


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    plan = load(("\ufeff" + SMALLEST.replace("\n", "\r\n")).encode())
    assert plan.service == "hello"


def test_a_mapping_given_twice_by_an_alias_is_read_twice() -> None:
    text = SMALLEST.replace(
        "{production: {port: 8080}}",
        "{staging: {port: 1, env: &env {A: b}}, production: {port: 2, env: *env}}",
    )
    staging, production = load(text).environments
    assert staging.variables == production.variables == {"A": "b"}


def test_words_are_never_taken_for_other_types() -> None:
    text = SMALLEST.replace(
        "{port: 8080}", "{port: 8080, env: {A: no, B: 010, C: 1.0, D: 2024-01-01}}"
    )
    assert load(text).production.variables == {"A": "no", "B": "010", "C": "1.0", "D": "2024-01-01"}


def test_json_in_smoke_tests_keeps_its_types() -> None:
    body = "{a: 1, b: 1.5, c: true, d: null, e: '1', f: yes, g: [x, {h: 2024-01-01}]}"
    plan = load(SMALLEST.replace("get: /", f"post: /, json: {body}"))
    test = plan.smoke[0]
    assert isinstance(test, HttpSmoke)
    assert test.body == {
        "a": 1,
        "b": 1.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": "yes",
        "g": ["x", {"h": "2024-01-01"}],
    }


def test_a_command_over_several_lines_is_kept() -> None:
    text = SMALLEST.replace("run: ./hello {port}", "run: |\n  set -e\n  exec ./hello {port}")
    assert load(text).run == "set -e\nexec ./hello {port}\n"


def test_the_error_names_the_file_it_was_given() -> None:
    with pytest.raises(SpecError, match=r"^services/a\.yaml:1:1: the file is empty"):
        load("", "services/a.yaml")


def test_importing_the_package_loads_no_yaml_and_no_pydantic() -> None:
    code = (
        "import sys, gonogo.spec; "
        "print([name for name in ('pydantic', 'ruamel.yaml', 'numpy') if name in sys.modules])"
    )
    source = Path(__file__).parents[2] / "src"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(source)},
    )
    assert ran.stdout.strip() == "[]"
