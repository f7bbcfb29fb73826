"""How a report that is not filed is refused, and what to do then."""

from gonogo.language.marks import form

REPORT_REFUSALS = (
    form("{file}: {fault_what}"),
    form("{value} is not the name of a report file"),
    form("a job's name has up to {n_limit} characters that print"),
    form("{version} is commit {hash_found} in the desk's repository, not {hash_said}"),
    form("{name}: {gate} evidence is of one version; say of which"),
    form("{name} is a report of another commit: it says {hash_found}, and not {hash_own}"),
    form("save it as UTF-8"),
    form("end it with Z or +00:00"),
    form("known: {names}"),
    form("one file tells of one time; write a file for each"),
    form("was the file cut off?"),
    form("give the SQL of the upgrade"),
    form("keep promtool's error output too: {command}"),
    form("run {command}"),
    form("run flake8 --count with no --format"),
)
