"""What is said of filed evidence."""

from gonogo.language.marks import counted, form

EVIDENCE = (
    form("{n_passed} of {n_total} passed"),
    form("no line could run"),
    counted(
        "{share} of {count} line",
        "{share} of {count} lines",
    ),
    form("{tool}: {text_counts}"),
    form("{n} suppressed"),
    counted(
        "{text_counts} in {count} package",
        "{text_counts} in {count} packages",
    ),
    counted(
        "{count} component",
        "{count} components",
    ),
    form("p95 {span}"),
    form("p99 {span}"),
    form("{n} at once"),
    form("none"),
    counted(
        "{count} revision",
        "{count} revisions",
    ),
    counted(
        "{count} revision; {list_hazards}",
        "{count} revisions; {list_hazards}",
    ),
    form("destructive: {operation}"),
    form("breaking: {operation}"),
    form("locking: {operation}"),
    counted(
        "{count} more hazard",
        "{count} more hazards",
    ),
    counted(
        "{count} statement not understood",
        "{count} statements not understood",
    ),
    form("{tool}: {n_hold} hold, {n_fail} do not"),
    form("nothing measured"),
    form("{n_critical} critical, {n_recommended} recommended, {n_good} good"),
    form("{name}: not restored"),
    form("{name}: restored, smoke tests passed"),
    form("{name}: restored, smoke tests failed"),
    form("in {span}"),
    form("data {span} old"),
    form("{environment}: {n_passed} passed, {n_failed} failed"),
    form("nothing was tried"),
    form("{tried} failed: {maybe_detail}"),
    form("no branch: {text_counts}"),
    form("no ({name})"),
    form("yes: {maybe_said} ({name})"),
    form("no: the spec names no command for them"),
    form("not known: no evidence, and the change cannot be read"),
    form("probably: {names} changed"),
    form("probably: {names} and more changed"),
    form("probably not: no file of a migration changed"),
    form("nobody yet; the handoff proposes it"),
    form("the spec"),
    form("the handoff is newer"),
    form("withdrawn by {name}"),
    form("{role} ({n_have} of {n_needed})"),
    counted(
        "more than {share} {bad} within {span} (from {count} request on; literal)",
        "more than {share} {bad} within {span} (from {count} requests on; literal)",
    ),
    counted(
        "more than {share} {bad} within {span} (from {count} request on; judged)",
        "more than {share} {bad} within {span} (from {count} requests on; judged)",
    ),
    counted(
        "more than {share} {bad} on {where} within {span} (from {count} request on; literal)",
        "more than {share} {bad} on {where} within {span} (from {count} requests on; literal)",
    ),
    counted(
        "more than {share} {bad} on {where} within {span} (from {count} request on; judged)",
        "more than {share} {bad} on {where} within {span} (from {count} requests on; judged)",
    ),
    counted(
        "more than {share} {bad} within {span}, for {span_lasts} (from {count} request on; literal)",
        "more than {share} {bad} within {span}, for {span_lasts} (from {count} requests on; literal)",
    ),
    counted(
        "more than {share} {bad} within {span}, for {span_lasts} (from {count} request on; judged)",
        "more than {share} {bad} within {span}, for {span_lasts} (from {count} requests on; judged)",
    ),
    counted(
        "more than {share} {bad} on {where} within {span}, for {span_lasts} (from {count} request on; literal)",
        "more than {share} {bad} on {where} within {span}, for {span_lasts} (from {count} requests on; literal)",
    ),
    counted(
        "more than {share} {bad} on {where} within {span}, for {span_lasts} (from {count} request on; judged)",
        "more than {share} {bad} on {where} within {span}, for {span_lasts} (from {count} requests on; judged)",
    ),
)
