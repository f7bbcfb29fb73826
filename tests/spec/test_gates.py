"""What a release must show: gates, checklists, and the commands that make evidence."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gonogo.domain import gate_rules as rules
from gonogo.domain.actor import Role
from gonogo.domain.facts import Hazard
from gonogo.domain.gate import GateKind, GateMode, GateMoment
from gonogo.domain.gate_rules import Bound, PatchLimit
from gonogo.domain.plan import (
    Checklist,
    ChecklistItem,
    ChecklistTime,
    Collection,
    Command,
    OnSilence,
    Rehearsal,
    Verification,
)
from gonogo.spec import SpecError, json_schema, load
from gonogo.spec.limits import SIGNERS, TICKERS, VERIFIERS
from gonogo.storage.codec import decode, encode
from gonogo.usecases.permissions import PERMISSIONS, Deed

HERE = Path(__file__).parent
TEXT = (HERE / "gates.yaml").read_text()
SMALLEST = """\
service: hello
run: ./hello {port}
health: /
smoke: [{name: front page, get: /}]
environments: {production: {port: 8080}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: [10% for 1m]}
"""
NONE_REQUIRED = (
    "no gate is required, so nothing could hold a release; add at least gates: {smoke: required}"
)


def rows(name: str) -> list[tuple[str, ...]]:
    table = YAML(typ="safe", pure=True).load(HERE / name)
    return [tuple(row.values()) for row in table]


def rule_of(gates: str) -> rules.GateRule:
    return load(f"{SMALLEST}gates: {{{gates}}}\n").gates[0]


def sentences(text: str) -> tuple[str, ...]:
    with pytest.raises(SpecError) as caught:
        load(text)
    return caught.value.sentences()


def accepted_by_schema(text: str) -> bool:
    tree = YAML(typ="safe", pure=True).load(text)
    return Draft202012Validator(json_schema()).is_valid(tree)


RULES: tuple[rules.GateRule, ...] = (
    rules.TestsRule(),
    rules.CoverageRule(
        total=0.6,
        changed=0.8,
        expires=timedelta(days=3),
        owner="QA",
        fix="run make coverage",
        suppliers=("ci", "nightly build"),
    ),
    rules.LintRule(mode=GateMode.ADVISORY, errors=2, warnings=40, tools=("ruff", "mypy")),
    rules.FindingsRule(critical=0, high=1, medium=5, low=None, tools=("semgrep",)),
    rules.VulnerabilitiesRule(mode=GateMode.OFF, because="no dependencies"),
    rules.ComponentsRule(
        minimum={"python": "3.11", "sqlalchemy": "2.0.30"}, denied_licences=("AGPL-3.0-only",)
    ),
    rules.LoadRule(
        p95=timedelta(seconds=2),
        p99=None,
        concurrency=20,
        errors=0.0,
        requests=1000,
        before=GateMoment.PRODUCTION,
    ),
    rules.MigrationsRule(allow=(Hazard.LOCKING,)),
    rules.RehearsalRule(mode=GateMode.ADVISORY),
    rules.PatchGuardRule(
        limits={
            **rules.PATCH_LIMITS,
            "feature": PatchLimit(30, 900),
            "hotfix": PatchLimit(3, 90),
            "chore": PatchLimit(40, 2000),
        },
        other=PatchLimit(10, 300),
        ignore=(*rules.IGNORED_FILES, "docs/**"),
        recent=20,
    ),
    rules.SmokeRule(),
    rules.SiteHealthRule(recommended=3),
    rules.KpisRule(
        bounds=(
            Bound("queue failed", at_most=1, unit="%"),
            Bound("delivery", at_least=98.5, unit="%"),
            Bound("export p95", at_most=2, at_least=0.1, unit="s"),
        )
    ),
    rules.AlertRulesRule(),
    rules.ErrorBudgetRule(at_least=0.25),
    rules.IncidentsRule(at_most=1, expires=timedelta(hours=1)),
    rules.BackupRule(rpo=timedelta(hours=1), rto=None),
    rules.SecretsRule(names=("ORDERS_TOKEN", "SMTP_PASSWORD")),
    rules.RunbookRule(
        owner="operations",
        runbook_owner="operations",
        runbook="docs/runbook.md",
        dashboard="https://grafana.example/d/orders",
    ),
    rules.DocumentationRule(files=("README.md", "docs/api.md"), change_log="CHANGELOG.md"),
    rules.RisksRule(),
    rules.ChecklistsRule(names=("pre-release",)),
    rules.SignOffsRule(needed={Role.QA: 2, Role.TECH_LEAD: 1}, author_may_sign=True),
    rules.AcknowledgementRule(),
    rules.FreezeRule(
        dates=(
            rules.FreezeDates(datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)),
            rules.FreezeDates(
                datetime(2026, 11, 27, 17, tzinfo=UTC),
                datetime(2026, 11, 30, 7, tzinfo=UTC),
                "busiest days",
            ),
        ),
        hours=(rules.FreezeHours(4, time(16), 0, time(8), "Europe/Berlin"),),
    ),
)


@pytest.mark.parametrize("number", range(len(RULES)), ids=lambda number: RULES[number].kind.value)
def test_a_gate_becomes_the_rule_it_describes(number: int) -> None:
    assert load(TEXT).gates[number] == RULES[number]


def test_gates_stay_in_the_order_of_the_file() -> None:
    gates = load(SMALLEST + "gates: {risks: required, smoke: required, tests: advisory}").gates
    assert [rule.kind for rule in gates] == [GateKind.RISKS, GateKind.SMOKE, GateKind.TESTS]


def test_every_kind_of_gate_is_a_key_of_gates() -> None:
    assert {rule.kind for rule in load(TEXT).gates} == set(GateKind)


@pytest.mark.parametrize(
    "kind",
    [
        "tests",
        "lint",
        "findings",
        "load_test",
        "patch_guard",
        "backup",
        "smoke",
        "incidents",
        "freeze",
    ],
)
def test_what_the_file_leaves_out_is_as_the_rule_has_it(kind: str) -> None:
    rule = rule_of(f"{kind}: required")
    assert rule == type(rule)()


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("tests: {skipped: any}", "skipped", None),
        ("tests: {skipped: 0%}", "skipped", 0.0),
        ("coverage: {total: 100%}", "total", 1.0),
        ("coverage: {total: any, changed: 80%}", "total", None),
        ("findings: {high: any}", "high", None),
        ("load_test: {errors: any}", "errors", None),
        ("sign_offs: {tech_lead: 1}", "needed", {Role.TECH_LEAD: 1}),
        ("sign_offs: {QA: 1, Tech Lead: 1}", "needed", {Role.QA: 1, Role.TECH_LEAD: 1}),
        ("coverage: {from: [tech lead]}", "suppliers", ("tech_lead",)),
        ("coverage: {from: [Unit-Tests]}", "suppliers", ("Unit-Tests",)),
    ],
)
def test_a_setting_can_be_written_in_every_sensible_way(
    written: str, name: str, value: object
) -> None:
    assert getattr(rule_of(written), name) == value
    assert accepted_by_schema(f"{SMALLEST}gates: {{{written}}}\n")


@pytest.mark.parametrize(
    ("written", "start", "end"),
    [
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 25, tzinfo=UTC)),
        (
            "2026-07-01 to 2026-07-02 Europe/Berlin",
            datetime(2026, 6, 30, 22, tzinfo=UTC),
            datetime(2026, 7, 2, 22, tzinfo=UTC),
        ),
        (
            "2026-12-20 18:00 to 2026-12-21",
            datetime(2026, 12, 20, 18, tzinfo=UTC),
            datetime(2026, 12, 22, tzinfo=UTC),
        ),
    ],
)
def test_a_freeze_of_days_lasts_to_the_end_of_the_last_one(
    written: str, start: datetime, end: datetime
) -> None:
    rule = rule_of(f'freeze: {{dates: ["{written}"]}}')
    assert rule == rules.FreezeRule(dates=(rules.FreezeDates(start, end),))


def test_weekly_hours_without_a_time_zone_are_in_utc() -> None:
    rule = rule_of("freeze: {hours: [{when: sat 00:00 to sun 23:59, because: rest}]}")
    assert rule == rules.FreezeRule(
        hours=(rules.FreezeHours(5, time(), 6, time(23, 59), "UTC", "rest"),)
    )


def test_checklists_keep_their_lines_and_who_may_tick_them() -> None:
    assert load(TEXT).checklists == (
        Checklist(
            "pre-release",
            (
                ChecklistItem("Known issues documented"),
                ChecklistItem(
                    "Migrations reviewed", "database", (Role.DEVOPS, Role.TECH_LEAD), evidence=True
                ),
            ),
        ),
        Checklist("security", (ChecklistItem("Keys rotated"),), every=timedelta(days=30)),
        Checklist("after deployment", (ChecklistItem("Customers told"),), ChecklistTime.AFTER),
    )


def test_a_line_of_a_checklist_may_be_written_as_persian_is() -> None:
    persian = "پشتیبان\u200cگیری آزموده می\u200cشود"
    (first, *_) = load(TEXT.replace("Known issues documented", persian)).checklists
    assert first.items[0] == ChecklistItem(persian)


def test_commands_that_make_evidence_say_which_files_they_write() -> None:
    assert load(TEXT).collections == (
        Collection(
            Command(
                "unit tests",
                "./test --junit reports/junit.xml",
                timedelta(minutes=5),
                repeatable=True,
            ),
            ("reports/junit.xml",),
        ),
        Collection(
            Command("coverage", "./cover {version}", repeatable=True),
            ("reports/cover.xml", "reports/cover.json"),
        ),
    )


def test_a_rehearsal_has_its_own_database_seed_and_variables() -> None:
    migrations = load(TEXT).migrations
    assert migrations is not None
    assert migrations.rehearsal == Rehearsal(
        "sqlite:///rehearsals.db",
        Command("seed", "./seed {database_url} {version}", timedelta(minutes=2)),
        {"MAIL": "off", "PAYMENTS": "fake"},
    )


def test_a_person_answers_line_by_line_and_a_criterion_ends_by_itself() -> None:
    plan = load(TEXT)
    assert plan.verification == Verification(
        timedelta(minutes=30), OnSilence.ROLL_BACK, ("Login", "Order list"), (Role.QA,), True
    )
    assert [each.lasts for each in plan.rollback_criteria] == [timedelta(hours=2)]


def test_a_plan_with_every_gate_is_stored_and_read_back_the_same() -> None:
    plan = load(TEXT)
    assert decode(type(plan), encode(plan)) == plan


def test_editors_accept_every_gate() -> None:
    assert accepted_by_schema(TEXT)


def keys_of_gates() -> Iterator[tuple[str, str, str]]:
    """Gate, key, and what editors show of the key."""
    parts = json_schema()["$defs"]
    for kind, reference in parts["GatesPart"]["properties"].items():
        mapping = parts[reference["$ref"].removeprefix("#/$defs/")]["anyOf"][1]
        for key, about in mapping["properties"].items():
            yield kind, key, about["description"]


def test_the_documentation_of_a_gate_has_its_keys_and_their_defaults() -> None:
    text = (HERE.parents[1] / "docs" / "spec.md").read_text()
    text = text.partition("\n## Gates\n")[2].partition("\n## ")[0]
    common, *sections = re.split(r"(?m)^### Gate ", text)
    own = {kind: next((s for s in sections if s.startswith(f"`{kind}`")), "") for kind in GateKind}
    for kind, key, about in keys_of_gates():
        rows = re.findall(rf"(?m)^\| [^|]*`{key}`.*", own[GateKind(kind)] + common)
        default = re.search(r" Default (\S+)\.$", about)
        assert rows, (kind, key)
        assert default is None or f"`{default[1]}`" in rows[0], (kind, key)


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        ("", "1:1: gates is missing; without a required gate nothing could hold a release; "
         "add at least gates: {smoke: required}"),
        ("gates: {}", f"8:8: {NONE_REQUIRED}"),
        ("gates: {smoke: advisory}", f"8:8: {NONE_REQUIRED}"),
        ("gates: {smoke: {mode: off, because: later}}", f"8:8: {NONE_REQUIRED}"),
        ("gates: {risks: advisory, smoke: {mode: advisory}}", f"8:8: {NONE_REQUIRED}"),
        ("gates: []", "8:8: gates: this must be a mapping with the keys "
         + ", ".join(rule.kind for rule in sorted(RULES, key=lambda rule: list(GateKind).index(rule.kind)))
         + ", not a list"),
    ],
)  # fmt: skip
def test_a_spec_in_which_no_gate_could_hold_a_release_is_refused(gates: str, says: str) -> None:
    text = f"{SMALLEST}{gates}\n"
    assert sentences(text) == (f"gonogo.yaml:{says}",)
    assert not accepted_by_schema(text)


@pytest.mark.parametrize(("good", "bad", "says"), rows("mistakes_in_gates.yaml"))
def test_a_mistake_in_gates_is_one_sentence_with_its_place(good: str, bad: str, says: str) -> None:
    assert good in TEXT
    assert sentences(TEXT.replace(good, bad, 1)) == (f"gonogo.yaml:{says}",)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("  tests: required", "  test: required"),
        ("  tests: required", "  tests: off"),
        ("  tests: required", "  tests: {cases: 5}"),
        ("mode: off, because: no dependencies", "mode: off"),
        ("total: 60%", "total: 60"),
        ("expires: 3d", "expires: 3"),
        ("high: 1", "high: many"),
        ("errors: 2,", "errors: -2,"),
        ("30 files 900 lines", "30 files"),
        ("at most 1 %", "under 1 %"),
        ("./docs/api.md", "../api.md"),
        ("qa: 2", "viewer: 2"),
        ("roles: [QA]", "roles: [product]"),
        ("2026-12-20 to 2027-01-03", "christmas"),
        ("fri 16:00 to Monday", "fri to Monday"),
        ("reports: [reports/junit.xml]", "reports: []"),
        ("items: [Keys rotated]", "items: []"),
    ],
)
def test_editors_refuse_what_the_reader_refuses(good: str, bad: str) -> None:
    text = TEXT.replace(good, bad, 1)
    assert text != TEXT
    assert sentences(text)
    assert not accepted_by_schema(text)


def test_a_seed_without_a_database_to_fill_is_refused() -> None:
    text = TEXT.replace("    database_url: sqlite:///rehearsals.db\n", "")
    assert load(text).migrations is not None
    without = text.replace(', database_url: "sqlite:///a.db"', "").replace(
        "up {database_url}", "up"
    )
    assert sentences(without) == (
        "gonogo.yaml:7:25: {database_url} is used here, but environments.staging has no database_url",
    )


@pytest.mark.parametrize(
    ("roles", "deed"),
    [(SIGNERS, Deed.SIGN_OFF), (VERIFIERS, Deed.VERIFY), (TICKERS, Deed.TICK)],
)
def test_a_spec_names_the_roles_that_may_do_it(roles: tuple[Role, ...], deed: Deed) -> None:
    assert {*roles} == PERMISSIONS[deed] - {Role.OWNER}
