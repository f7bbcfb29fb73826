"""Names that pages look up by a value of the domain: `p(context, name)` says them.

They stand here so that the catalogues have them; a test holds them against the domain's own tables.
"""


def named(context: str, name: str) -> tuple[str, str]:
    """Marks a name for the catalogues."""
    return context, name


ROLES = (
    named("role", "owner"),
    named("role", "desk"),
    named("role", "admin"),
    named("role", "devops"),
    named("role", "QA"),
    named("role", "tech lead"),
    named("role", "security"),
    named("role", "product"),
    named("role", "developer"),
    named("role", "viewer"),
    named("role", "CI"),
)
DEEDS = (
    named("deed", "look"),
    named("deed", "register a service"),
    named("deed", "adopt a running service"),
    named("deed", "start a release"),
    named("deed", "pause or resume a release"),
    named("deed", "abort a release"),
    named("deed", "take a release back"),
    named("deed", "say how an open step ended"),
    named("deed", "verify a release in production"),
    named("deed", "supply evidence"),
    named("deed", "hand a version over"),
    named("deed", "acknowledge a handoff"),
    named("deed", "sign a version off"),
    named("deed", "waive a gate"),
    named("deed", "tick a checklist"),
    named("deed", "freeze or unfreeze releases"),
    named("deed", "hold messages back or send them again"),
    named("deed", "manage people and tokens"),
    named("deed", "manage the desk's keys"),
    named("deed", "stop the desk"),
)
GATES = (
    named("gate", "tests"),
    named("gate", "coverage"),
    named("gate", "lint"),
    named("gate", "code scan"),
    named("gate", "vulnerabilities"),
    named("gate", "components"),
    named("gate", "load test"),
    named("gate", "migrations"),
    named("gate", "rollback rehearsal"),
    named("gate", "patch guard"),
    named("gate", "smoke tests"),
    named("gate", "site health"),
    named("gate", "KPIs"),
    named("gate", "alert rules"),
    named("gate", "error budget"),
    named("gate", "incidents"),
    named("gate", "backup"),
    named("gate", "secrets"),
    named("gate", "runbook"),
    named("gate", "documentation"),
    named("gate", "risks"),
    named("gate", "checklists"),
    named("gate", "sign-offs"),
    named("gate", "acknowledgement"),
    named("gate", "freeze"),
)
REPORTS = (
    named("report", "test report"),
    named("report", "coverage report"),
    named("report", "lint report"),
    named("report", "code scan"),
    named("report", "vulnerability scan"),
    named("report", "list of components"),
    named("report", "load test"),
    named("report", "migration SQL"),
    named("report", "rollback rehearsal"),
    named("report", "change"),
    named("report", "smoke test"),
    named("report", "site health report"),
    named("report", "KPI measurement"),
    named("report", "alert rule check"),
    named("report", "error budget measurement"),
    named("report", "incident count"),
    named("report", "backup drill"),
)
SEVERITIES = (
    named("severity", "unknown"),
    named("severity", "critical"),
    named("severity", "high"),
    named("severity", "medium"),
    named("severity", "low"),
    named("severity", "info"),
)
STAGES = (
    named("stage", "draft"),
    named("stage", "checking"),
    named("stage", "held"),
    named("stage", "cleared"),
    named("stage", "staging"),
    named("stage", "canary"),
    named("stage", "promoting"),
    named("stage", "verifying"),
    named("stage", "watching"),
    named("stage", "released"),
    named("stage", "paused"),
    named("stage", "rolling back"),
    named("stage", "verifying rollback"),
    named("stage", "rolled back"),
    named("stage", "no go"),
    named("stage", "aborted"),
    named("stage", "needs person"),
    named("stage", "adopted"),
)
REHEARSED = (
    named("rehearsal", "previous on own schema"),
    named("rehearsal", "upgrade"),
    named("rehearsal", "previous on new schema"),
    named("rehearsal", "new on new schema"),
    named("rehearsal", "downgrade"),
    named("rehearsal", "previous after downgrade"),
)
