"""What happened, as a release's timeline tells it."""

from gonogo.language.marks import form

TIMELINE = (
    form("the judge said fail"),
    form("the judge said fail: {kpi}"),
    form("canary confirmed out of rotation"),
    form("canary confirmed out of rotation ({slots})"),
    form("the gates said go"),
    form("the gates said hold"),
    form("the gates said no-go"),
    form("{step} done"),
    form("{step} done after {span}"),
    form("{step} failed after {span}"),
    form("{step} failed"),
    form("{step} unknown"),
    form("{step} started"),
    form("evidence collected: {names}"),
    form("evidence failed: {names}"),
    form("evidence {name}: {names}"),
    form("rollback rehearsal: {tried} passed"),
    form("rollback rehearsal: {tried} failed"),
    form("rollback rehearsal: {tried} passed after {span}"),
    form("rollback rehearsal: {tried} failed after {span}"),
    form("{stage_from} → {stage_to}"),
    form("{stage_from} → {stage_to} ({text_where})"),
    form("{stage} ({text_where})"),
    form("{stage}"),
    form("step {n}"),
    form("{share} of customers"),
    form("start"),
    form("adopted at {address} in {environment}"),
    form("does not run any more"),
    form("runs again"),
    form(
        "slot {name} in {environment} is empty again; {version} was adopted and is left running at"
        " {address}"
    ),
    form("pause"),
    form("resume"),
    form("retry"),
    form("abort"),
    form("roll back"),
    form("confirm"),
    form("reject"),
)
