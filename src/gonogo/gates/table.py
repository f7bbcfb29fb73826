"""The table of gates: one line for every kind, with whom to ask and what to do."""

from collections.abc import Mapping

from gonogo.domain.evidence import EvidenceKind
from gonogo.domain.gate import GateKind
from gonogo.gates.case import Gate
from gonogo.gates.checklists import checklists
from gonogo.gates.components import components
from gonogo.gates.documents import documentation, runbook, secrets
from gonogo.gates.freeze import freeze
from gonogo.gates.handoff import acknowledgement, risks
from gonogo.gates.load import load_test
from gonogo.gates.measurements import error_budget, incidents, kpis
from gonogo.gates.migrations import migrations, rollback_rehearsal
from gonogo.gates.operations import alert_rules, backup, site_health, smoke
from gonogo.gates.patch_guard import patch_guard
from gonogo.gates.scanners import findings, lint, vulnerabilities
from gonogo.gates.sign_offs import sign_offs
from gonogo.gates.tests_and_coverage import coverage, tests

E = EvidenceKind
K = GateKind

GATES: Mapping[GateKind, Gate] = {
    K.TESTS: Gate(
        tests,
        "QA",
        "mend what failed, run the tests on this commit and file their report",
        (E.TESTS,),
        "Did enough test cases run, in every suite asked for, and did they pass?",
    ),
    K.COVERAGE: Gate(
        coverage,
        "developer",
        "write tests for the lines that did not run and file the coverage report of this commit",
        (E.COVERAGE,),
        "Did the tests run enough of all lines, and of the new and changed ones?",
    ),
    K.LINT: Gate(
        lint,
        "developer",
        "mend what the tools found and file their reports of this commit",
        (E.LINT,),
        "Are linters, formatters and type checkers content?",
    ),
    K.FINDINGS: Gate(
        findings,
        "security",
        "mend the findings, or suppress them with a reason in the scanner, and scan again",
        (E.FINDINGS,),
        "Did a code scanner find something grave?",
    ),
    K.VULNERABILITIES: Gate(
        vulnerabilities,
        "security",
        "upgrade to a version without the weakness and scan again",
        (E.VULNERABILITIES,),
        "Has anything that is shipped a known weakness?",
    ),
    K.COMPONENTS: Gate(
        components,
        "security",
        "upgrade or replace the component and file a new list of components",
        (E.COMPONENTS,),
        "Are the parts of what is shipped new enough, and may they be shipped?",
    ),
    K.LOAD_TEST: Gate(
        load_test,
        "QA",
        "run the load test on this commit and file its report",
        (E.LOAD,),
        "Does the version bear its load: fast enough, with few failures, with enough users?",
    ),
    K.MIGRATIONS: Gate(
        migrations,
        "developer",
        "split the change into steps that the version before can live with, or allow the hazard",
        (E.MIGRATIONS,),
        "Do the pending migrations lose data, break the version before or make customers wait?",
    ),
    K.ROLLBACK_REHEARSAL: Gate(
        rollback_rehearsal,
        "devops",
        "rehearse the rollback; if the version before fails, change the migration so that it runs",
        (E.REHEARSAL,),
        "Was the version before seen to run on the new schema?",
    ),
    K.PATCH_GUARD: Gate(
        lambda rule, case: patch_guard(rule, case.dossier, case.now),
        "tech lead",
        "split the change into smaller ones",
        (),
        "Is every change small enough to be reviewed?",
    ),
    K.SMOKE: Gate(
        smoke,
        "QA",
        "they run by themselves once the version is there; if one failed, release a mended version",
        (E.SMOKE,),
        "Did the desk's own smoke tests pass in every environment before production?",
    ),
    K.SITE_HEALTH: Gate(
        site_health,
        "devops",
        "do what the health test advises and file its report again",
        (E.SITE_HEALTH,),
        "Do the service's own health tests find anything critical?",
    ),
    K.KPIS: Gate(
        kpis,
        "devops",
        "bring the number back within its bound and measure again",
        (E.MEASUREMENTS,),
        "Are the measured numbers within their bounds?",
    ),
    K.ALERT_RULES: Gate(
        alert_rules,
        "devops",
        "mend the rules that the checker refuses and file its report again",
        (E.ALERT_RULES,),
        "Will somebody be alerted: does the checker accept the alerting rules?",
    ),
    K.ERROR_BUDGET: Gate(
        error_budget,
        "devops",
        "wait until the error budget has recovered, or measure it again",
        (E.MEASUREMENTS,),
        "Is enough of the error budget left to risk a release?",
    ),
    K.INCIDENTS: Gate(
        incidents,
        "devops",
        "close the open incidents and count them again",
        (E.MEASUREMENTS,),
        "Are no more incidents open than allowed?",
    ),
    K.BACKUP: Gate(
        backup,
        "devops",
        "restore the newest backup in a drill and file its report",
        (E.DRILL,),
        "Was a backup restored lately: it worked, the data was young, it did not take long?",
    ),
    K.SECRETS: Gate(
        secrets,
        "devops",
        "set the missing secrets in the environments that are named",
        (),
        "Is every secret that the version needs set in every environment?",
    ),
    K.RUNBOOK: Gate(
        runbook,
        "devops",
        "name an owner, the runbook and the dashboards, and see that they are there",
        (),
        "Does somebody own a runbook and dashboards that are there?",
    ),
    K.DOCUMENTATION: Gate(
        documentation,
        "developer",
        "write the document, and name this version in the change log",
        (),
        "Are the documents there, and does the change log speak of this version?",
    ),
    K.RISKS: Gate(
        risks,
        "QA",
        "say in the handoff what is done about each grave risk and known issue",
        (),
        "Is something done about every grave risk and known issue?",
    ),
    K.CHECKLISTS: Gate(
        checklists,
        "QA",
        "work through the open lines and tick them",
        (),
        "Is every line of the checklists ticked?",
    ),
    K.SIGN_OFFS: Gate(
        sign_offs,
        "QA",
        "ask those who are missing to look at the evidence and sign",
        (),
        "Did enough people sign for this commit and this evidence, none of whom wrote it?",
    ),
    K.ACKNOWLEDGEMENT: Gate(
        acknowledgement,
        "devops",
        "acknowledge the handoff with a window that is open, or wait for the window",
        (),
        "Did operations take the handoff over, and is their window open?",
    ),
    K.FREEZE: Gate(
        freeze,
        "devops",
        "wait for the end of the freeze, or lift the flag",
        (),
        "Are releases allowed at this moment?",
    ),
}
