"""What the gates come to."""

from gonogo.language.marks import counted, form

DECISIONS = (
    form("GO: {text_told}"),
    form("HOLD: {text_told}"),
    form("NO-GO: {text_told}"),
    form("no gate is required"),
    form("no required gate passed, {n_waived} waived"),
    counted(
        "{count} gate passed",
        "{count} gates passed",
    ),
    form("{n} waived"),
    counted(
        "{n_open} of {count} gate is missing: {list_gates}",
        "{n_open} of {count} gates is missing: {list_gates}",
    ),
    form("{n_open} of {n_all} gates are missing: {list_gates}"),
    counted(
        "{n_open} of {count} gate blocks: {list_gates}",
        "{n_open} of {count} gates blocks: {list_gates}",
    ),
    form("{n_open} of {n_all} gates block: {list_gates}"),
    form("and {n} more"),
    form("{gate}: {maybe_reason}"),
    form("{text_reason}; that held until {at_end}"),
    form("that held until {at_end}"),
    form("no gate knows how to judge {gate} of {service}"),
    form("no reason is given"),
    form("off: {because}"),
    form("nothing is missing so far; to be answered before customers come: {gates}"),
    form("{text_reason}; that is due before production"),
    form("{text_first}; {text_rest}"),
    form("{text_first}, {text_rest}"),
)
