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
    named("deed", "manage people and tokens"),
    named("deed", "manage the desk's keys"),
    named("deed", "stop the desk"),
)
