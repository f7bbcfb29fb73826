"""Migrations, rehearsal, smoke tests, health, alert rules, backups."""

from datetime import timedelta
from math import nan

import pytest
from tests.gates.cases import COMMIT, DAY, HOUR, NOW, counted, dossier, held, judged, report, said
from tests.plans import a_plan

from gonogo.domain.facts import (
    AlertRuleFacts,
    DrillFacts,
    Example,
    Hazard,
    HealthState,
    HealthTest,
    MigrationFacts,
    Operation,
    RehearsalFacts,
    RehearsalStep,
    RehearsedStep,
    SiteHealthFacts,
    SmokeFacts,
)
from gonogo.domain.gate_rules import (
    AlertRulesRule,
    BackupRule,
    MigrationsRule,
    RehearsalRule,
    SiteHealthRule,
    SmokeRule,
)
from gonogo.domain.plan import Command, Environment, Migrations

NONE = (None, None, "")
MIGRATED = a_plan(migrations=Migrations(Command("up", "alembic upgrade head")))
DROP = Operation(Hazard.DESTRUCTIVE, "drops column orders.courier", 2, "drop it one release later")
LOCK = Operation(Hazard.LOCKING, "rewrites table orders", 3, "")


def pending(*operations: Operation, unread: int = 0, heads: tuple[str, ...] = ("2",)):
    return MigrationFacts("postgresql", ("1", "2"), 4, operations, unread, heads)


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (
            MigrationsRule(),
            [pending()],
            ("pass", "2 migrations read, nothing dangerous is refused"),
            NONE,
        ),
        (
            MigrationsRule(allow=(Hazard.LOCKING,)),
            [pending(LOCK)],
            ("pass", "2 migrations read, nothing dangerous is refused, 1 allowed"),
            NONE,
        ),
        (
            MigrationsRule(),
            [MigrationFacts("sqlite", (), 0)],
            ("pass", "no migration is pending"),
            NONE,
        ),
        (
            MigrationsRule(),
            [MigrationFacts("sqlite", (), 1)],
            ("pass", "0 migrations read, nothing dangerous is refused"),
            NONE,
        ),
        (
            MigrationsRule(),
            [MigrationFacts("sqlite", ("1",), 0)],
            ("pass", "1 migration read, nothing dangerous is refused"),
            NONE,
        ),
        (
            MigrationsRule(),
            [pending(LOCK, DROP)],
            (
                "fail",
                "2 dangerous operations: rewrites table orders is locking;"
                " drops column orders.courier is destructive (drop it one release later)",
            ),
            (2, 0, "operations"),
        ),
        (
            MigrationsRule(allow=(Hazard.LOCKING,)),
            [pending(), pending(LOCK, DROP, unread=1)],
            (
                "fail",
                "1 dangerous operation:"
                " drops column orders.courier is destructive (drop it one release later)",
            ),
            (1, 0, "operations"),
        ),
        (
            MigrationsRule(),
            [pending(heads=("2", "3"), unread=1)],
            ("fail", "2 heads of migrations, of which only one can be applied: 2, 3"),
            (2, 1, "heads"),
        ),
        (
            MigrationsRule(),
            [pending(unread=1)],
            ("inconclusive", "1 statement could not be understood"),
            (1, 0, "unread"),
        ),
    ],
)
def test_pending_migrations_hold_nothing_dangerous_that_is_not_allowed(
    rule, facts, expected, numbers
):
    result = judged(rule, *facts, plan=MIGRATED)
    assert (said(result), counted(result)) == (expected, numbers)


def test_the_fix_of_a_dangerous_migration_is_the_advice_for_its_first_operation():
    assert judged(MigrationsRule(), pending(DROP, LOCK), plan=MIGRATED).fix == DROP.advice


def test_gates_over_the_schema_do_not_apply_to_a_service_without_one():
    for rule in (MigrationsRule(), RehearsalRule()):
        assert said(judged(rule)) == ("not_applicable", "the service has no migrations")


def test_without_a_version_before_there_is_no_rollback_to_rehearse():
    result = judged(RehearsalRule(), plan=MIGRATED, previous=None)
    assert said(result) == ("not_applicable", "there is no version before to go back to")


R = RehearsalStep


def steps(*failed: RehearsalStep, only: tuple[RehearsalStep, ...] = tuple(R), detail: str = ""):
    return tuple(RehearsedStep(one, one not in failed, 1.0, detail) for one in reversed(only))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (RehearsalFacts("v1", "v1.3.0", steps()), ("pass", "v1 runs on the schema of v1.3.0")),
        (
            RehearsalFacts("1", COMMIT, steps(only=(R.UPGRADE, R.PREVIOUS_ON_NEW_SCHEMA))),
            ("pass", f"1 runs on the schema of {COMMIT}"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(R.UPGRADE, R.DOWNGRADE, detail="exit 1")),
            ("fail", "the schema cannot be brought to v1.3.0: exit 1"),
        ),
        (
            RehearsalFacts(
                "v1",
                "v1.3.0",
                steps(R.PREVIOUS_ON_NEW_SCHEMA, R.NEW_ON_NEW_SCHEMA, detail="GET /x answered 500"),
            ),
            ("fail", "v1 cannot run on the schema of v1.3.0: GET /x answered 500"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(R.NEW_ON_NEW_SCHEMA)),
            ("fail", "v1.3.0 cannot run on its own schema"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(R.DOWNGRADE)),
            ("fail", "the schema cannot be taken back from v1.3.0"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(R.PREVIOUS_AFTER_DOWNGRADE)),
            ("fail", "v1 cannot run once the schema was taken back from v1.3.0"),
        ),
        (
            RehearsalFacts(
                "v1", "v1.3.0", steps(R.PREVIOUS_ON_OWN_SCHEMA, only=(R.PREVIOUS_ON_OWN_SCHEMA,))
            ),
            ("inconclusive", "nothing is proven, v1 fails on its own schema already"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(only=(R.UPGRADE,))),
            ("inconclusive", "it was not tried whether v1 runs on the schema of v1.3.0"),
        ),
        (
            RehearsalFacts("v1", "v1.3.0", steps(only=(R.PREVIOUS_ON_NEW_SCHEMA,))),
            ("inconclusive", "it was not tried whether v1 runs on the schema of v1.3.0"),
        ),
        (
            RehearsalFacts("v1", "v1.2.9", steps()),
            ("stale", "what was rehearsed is the way to v1.2.9, not to v1.3.0"),
        ),
        (
            RehearsalFacts("v0", "v1.3.0", steps()),
            ("stale", "what was rehearsed is the way back to v0, not back to v1"),
        ),
    ],
)
def test_a_rehearsal_is_of_these_versions_and_every_step_worked(facts, expected):
    assert said(judged(RehearsalRule(), facts, plan=MIGRATED)) == expected


def test_the_newest_rehearsal_counts():
    bad = report(RehearsalFacts("v1", "v1.3.0", steps(R.UPGRADE)), name="a", at=NOW - 2 * HOUR)
    good = report(RehearsalFacts("v1", "v1.3.0", steps()), name="b", at=NOW - HOUR)
    for papers in ((bad, good), (good, bad)):
        assert held(RehearsalRule(), dossier(*papers), plan=MIGRATED).status == "pass"


def smoked(environment: str, passed: int, failed: int = 0, *failures: Example) -> SmokeFacts:
    return SmokeFacts(environment, passed, failed, failures)


THREE = a_plan(environments=tuple(Environment(n, 8000) for n in ("test", "staging", "production")))


@pytest.mark.parametrize(
    ("facts", "expected", "numbers"),
    [
        (
            [smoked("test", 3), smoked("staging", 4)],
            ("pass", "7 smoke tests passed in test, staging"),
            (0, 0, "failed"),
        ),
        (
            [smoked("test", 1), smoked("staging", 1)],
            ("pass", "2 smoke tests passed in test, staging"),
            (0, 0, "failed"),
        ),
        ([smoked("test", 3)], ("missing", "no smoke test has run in staging"), NONE),
        (
            [smoked("test", 3), smoked("staging", 0)],
            ("missing", "no smoke test has run in staging"),
            NONE,
        ),
        (
            [smoked("staging", 3, 1, Example("home", "", "answered 500"), Example("x"))],
            ("fail", "1 of 4 smoke tests failed in staging: home answered 500, x"),
            (1, 0, "failed"),
        ),
        (
            [smoked("staging", 0, 1)],
            ("fail", "1 of 1 smoke test failed in staging"),
            (1, 0, "failed"),
        ),
        ([smoked("production", 3)], ("missing", "no smoke test has run in test"), NONE),
    ],
)
def test_smoke_tests_passed_in_every_environment_before_production(facts, expected, numbers):
    result = judged(SmokeRule(), *facts, plan=THREE)
    assert (said(result), counted(result)) == (expected, numbers)


def test_without_an_environment_before_production_smoke_tests_count_where_no_customer_is_yet():
    plan = a_plan(environments=(Environment("production", 8080),))
    assert said(judged(SmokeRule(), smoked("production", 1), plan=plan)) == (
        "pass",
        "1 smoke test passed in production",
    )
    assert judged(SmokeRule(), plan=plan).status == "missing"


def test_the_newest_run_of_smoke_tests_in_an_environment_counts():
    bad = report(smoked("staging", 1, 1), name="first", at=NOW - 2 * HOUR)
    good = report(smoked("staging", 2), name="second", at=NOW - HOUR)
    for papers in ((bad, good), (good, bad)):
        assert held(SmokeRule(), dossier(*papers)).status == "pass"


C, M, G = HealthState.CRITICAL, HealthState.RECOMMENDED, HealthState.GOOD


@pytest.mark.parametrize(
    ("rule", "tests", "expected", "numbers"),
    [
        (
            SiteHealthRule(),
            [HealthTest("disk", G), HealthTest("php", M)],
            ("pass", "2 health tests, none critical"),
            (0, 0, "critical"),
        ),
        (
            SiteHealthRule(),
            [HealthTest("disk", C, "91 % full"), HealthTest("queue", C), HealthTest("php", M)],
            ("fail", "2 of 3 health tests are critical (at most 0): disk (91 % full); queue"),
            (2, 0, "critical"),
        ),
        (
            SiteHealthRule(recommended=0),
            [HealthTest("php", M)],
            ("fail", "1 of 1 health test is recommended (at most 0): php"),
            (1, 0, "recommended"),
        ),
        (
            SiteHealthRule(recommended=1),
            [HealthTest("php", M)],
            ("pass", "1 health test, none critical"),
            (0, 0, "critical"),
        ),
        (SiteHealthRule(), [], ("missing", "no health test has run"), NONE),
    ],
)
def test_no_health_test_is_critical(rule, tests, expected, numbers):
    result = judged(rule, SiteHealthFacts(tuple(tests)))
    assert (said(result), counted(result)) == (expected, numbers)


def test_what_a_critical_health_test_advises_is_the_fix():
    tests = (
        HealthTest("disk", C, remedy="free space"),
        HealthTest("php", M, remedy="upgrade"),
        HealthTest("queue", C),
        HealthTest("mail", C, remedy="restart"),
    )
    assert judged(SiteHealthRule(), SiteHealthFacts(tests)).fix == "free space; restart"


@pytest.mark.parametrize(
    ("facts", "expected", "numbers"),
    [
        (
            [AlertRuleFacts("promtool", 3, 0), AlertRuleFacts("amtool", 1, 0)],
            ("pass", "promtool, amtool accepts 4 of 4"),
            (0, 0, "refused"),
        ),
        (
            [
                AlertRuleFacts("promtool", 3, 0),
                AlertRuleFacts("promtool", 1, 2, (Example("E", "a.yml:3", "bad"), Example("F"))),
            ],
            ("fail", "promtool refuses 2 of 6: a.yml:3 bad, F"),
            (2, 0, "refused"),
        ),
        (
            [AlertRuleFacts("promtool", 0, 1)],
            ("fail", "promtool refuses 1 of 1"),
            (1, 0, "refused"),
        ),
        ([AlertRuleFacts("promtool", 0, 0)], ("missing", "promtool found nothing to check"), NONE),
    ],
)
def test_the_checker_accepts_every_alerting_rule(facts, expected, numbers):
    result = judged(AlertRulesRule(), *facts)
    assert (said(result), counted(result)) == (expected, numbers)


def drill(
    restored: bool = True, smoke: bool = True, age: float | None = 3600, took: float | None = 1800
) -> DrillFacts:
    return DrillFacts("orders.dump", restored, smoke, age, took)


FREE = BackupRule(rpo=None, rto=None)


@pytest.mark.parametrize(
    ("rule", "facts", "expected", "numbers"),
    [
        (
            BackupRule(),
            drill(age=4 * 3600),
            (
                "pass",
                "orders.dump was restored, the data of orders.dump was 4 hours old"
                " (at most 4 hours), restoring orders.dump took 30 minutes (at most 2 hours)",
            ),
            (4 * 3600, 4 * 3600, "seconds"),
        ),
        (FREE, drill(age=None, took=None), ("pass", "orders.dump was restored"), NONE),
        (BackupRule(), drill(restored=False), ("fail", "orders.dump could not be restored"), NONE),
        (
            BackupRule(),
            drill(smoke=False),
            ("fail", "orders.dump was restored and its smoke tests failed"),
            NONE,
        ),
        (
            BackupRule(),
            drill(age=4 * 3600 + 1),
            ("fail", "the data of orders.dump was 14401 seconds old (at most 4 hours)"),
            (4 * 3600 + 1, 4 * 3600, "seconds"),
        ),
        (
            BackupRule(rpo=None),
            drill(took=7260),
            ("fail", "restoring orders.dump took 121 minutes (at most 2 hours)"),
            (7260, 7200, "seconds"),
        ),
        (
            BackupRule(),
            drill(age=None),
            ("inconclusive", "the drill does not say how old the data of orders.dump was"),
            NONE,
        ),
        (
            BackupRule(),
            drill(took=nan),
            ("inconclusive", "the drill does not say how long restoring orders.dump took"),
            NONE,
        ),
        (
            BackupRule(),
            drill(took=-1),
            ("inconclusive", "the drill does not say how long restoring orders.dump took"),
            NONE,
        ),
        (
            BackupRule(rpo=None, rto=timedelta()),
            drill(took=0),
            (
                "pass",
                "orders.dump was restored,"
                " restoring orders.dump took 0 seconds (at most 0 seconds)",
            ),
            (0, 0, "seconds"),
        ),
    ],
)
def test_a_backup_was_brought_back_young_and_fast(rule, facts, expected, numbers):
    result = judged(rule, facts)
    assert (said(result), counted(result)) == (expected, numbers)


def test_the_newest_drill_counts_however_old_the_others_are():
    papers = [
        report(drill(restored=n == 0), name=f"drill-{n}", at=NOW - (n * 40 + 1) * DAY, commit=None)
        for n in range(3)
    ]
    result = held(BackupRule(), dossier(*papers))
    assert result.status == "pass"
    assert result.until == NOW + 30 * DAY


def test_a_drill_that_failed_does_not_speak_against_a_newer_one():
    newer = report(drill(), name="newer", at=NOW - HOUR, commit=None)
    older = report(drill(restored=False), name="older", at=NOW - DAY, commit=None)
    assert held(BackupRule(), dossier(newer, older)).status == "pass"
