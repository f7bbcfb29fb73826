"""One spec file on its way: text → tree → shape → checks → Plan. Every problem is found in one run."""

import hashlib

from pydantic import ValidationError

from gonogo.domain.plan import Plan
from gonogo.domain.traffic import SlowerThan
from gonogo.spec import scalars
from gonogo.spec.assembly import assemble
from gonogo.spec.commands import check_commands, check_variables
from gonogo.spec.gauges import GaugePart
from gonogo.spec.grounds import DeployPart
from gonogo.spec.names import note_bad_keys, note_duplicates, note_long_keys
from gonogo.spec.part import Problems, found_by_shape
from gonogo.spec.problem import SpecError
from gonogo.spec.shape import KpiPart, SpecPart
from gonogo.spec.source import Table, Text, parse
from gonogo.spec.wording import listed, not_allowed, quoted


def read(content: str | bytes, path: str) -> Plan:
    """The plan of a spec file. Raises SpecError."""
    table, raw = parse(content, path)
    problems = Problems()
    spec: SpecPart | None = None
    try:
        spec = SpecPart.model_validate(table, context=problems)
    except ValidationError as error:
        problems += found_by_shape(error, table, problems)
    _check_names(table, problems)
    if spec is not None:
        _check_whole(spec, problems)
    if problems or spec is None:
        raise SpecError(path, tuple(problems))
    return assemble(spec, hashlib.sha256(raw).hexdigest())


def _check_names(table: Table, problems: Problems) -> None:
    note_bad_keys(
        problems, table.get("environments"), scalars.SERVICE_PATTERN, "the name of an environment"
    )
    note_long_keys(problems, table.get("kpis"), "a KPI")
    note_long_keys(problems, table.get("checklists"), "a checklist")


def _check_whole(spec: SpecPart, problems: Problems) -> None:
    empty = {
        "smoke": "smoke is empty; a release that no smoke test tried is not verified",
        "kpis": "kpis is empty; without a KPI nothing would judge the release",
        "environments": "environments is empty; name at least one, the last one is production",
    }
    for key, sentence in empty.items():
        if not getattr(spec, key):
            problems.note(spec.mark(key), sentence)
    if spec.kpis and all(isinstance(kpi, GaugePart) for kpi in spec.kpis.values()):
        problems.note(
            spec.mark("kpis"),
            "kpis has only gauges, which do not say how customers fare; "
            "add at least one with bad, as in errors: {bad: 5xx, limit: 5%}",
        )
    note_duplicates(problems, "smoke test", [(test.name, test.mark("name")) for test in spec.smoke])
    judged = [(name, kpi.mark()) for name, kpi in spec.kpis.items()]
    judged += [(criterion.name, criterion.mark("name")) for criterion in spec.rollback_when]
    note_duplicates(problems, "KPI or rollback criterion", judged)
    _check_ports(spec, problems)
    _check_reports(spec, problems)
    _check_checklists(spec, problems)
    _check_metrics(spec, problems)
    _check_memory(spec, problems)
    _check_shared_elsewhere(spec, problems)
    check_commands(spec, problems)
    check_variables(spec, problems)


def _check_ports(spec: SpecPart, problems: Problems) -> None:
    taken: dict[int, str] = {}
    for name, place in spec.environments.items():
        if place.port in taken:
            other = taken[place.port]
            problems.note(
                place.mark("port"),
                f"environments.{name} has port {place.port}, which environments.{other} has too; "
                "each environment needs its own",
            )
        taken.setdefault(place.port, name)


def _check_reports(spec: SpecPart, problems: Problems) -> None:
    named = [(part.name, part.mark("name")) for part in spec.evidence]
    note_duplicates(problems, "evidence", named)
    written: dict[str, str] = {}
    for part in spec.evidence:
        for path in part.reports:
            if path in written:
                problems.note(
                    part.mark("reports"),
                    f"{quoted(path)} is written by {quoted(written[path])} too, so one would replace "
                    "the other; give each report a path of its own",
                )
            written.setdefault(path, part.name)


def _check_checklists(spec: SpecPart, problems: Problems) -> None:
    """The gate asks for checklists that are there before a release."""
    gate = spec.gates.checklists
    if gate is None or not gate.on:
        return
    ready = [name for name, part in spec.checklists.items() if part.before]
    if not ready:
        problems.note(
            spec.gates.mark("checklists"),
            "no checklist is for before a release, so this gate has nothing to look at; "
            "add one to checklists, as in {pre-release: {items: [Known issues documented]}}",
        )
        return
    for name, mark in zip(gate.names or (), gate.marks("names"), strict=True):
        if name not in spec.checklists:
            problems.note(mark, not_allowed("checklist", name, ready))
        elif name not in ready:
            problems.note(
                mark,
                f"the checklist {quoted(name)} is worked through after a release, "
                "so no release can wait for it",
            )


def _check_metrics(spec: SpecPart, problems: Problems) -> None:
    """Counters belong to something that is counted, in a way that fits it."""
    if spec.metrics is None:
        return
    part = spec.metrics.prometheus
    bad = {name: kpi.bad for name, kpi in spec.kpis.items() if isinstance(kpi, KpiPart)}
    bad |= {criterion.name: criterion.bad for criterion in spec.rollback_when}
    if not part.counts:
        problems.note(
            part.mark("counts"), "metrics.prometheus.counts is empty; name at least one KPI"
        )
    for name, counts in part.counts.items():
        if name not in bad:
            problems.note(counts.mark(), not_allowed("KPI or rollback criterion", name, bad))
            continue
        kpi = spec.kpis.get(name)
        if isinstance(kpi, KpiPart) and (kpi.unit == "client" or kpi.once_in):
            problems.note(
                kpi.mark(),
                f"{quoted(name)} counts customers, and the counters of metrics.prometheus do not know "
                "them; leave unit and once_in out, or its counters",
            )
        if counts.buckets is not None and not isinstance(bad[name], SlowerThan):
            problems.note(
                counts.mark("buckets"),
                f"{quoted(name)} counts statuses, and buckets only tell slow requests; "
                "give total and bad",
            )


def _check_memory(spec: SpecPart, problems: Problems) -> None:
    """Resident memory is read from processes of this machine."""
    name, production = next(reversed(spec.environments.items()), ("", None))
    if production is None or not isinstance(production.deploy, DeployPart):
        return
    for kpi, part in spec.kpis.items():
        if isinstance(part, GaugePart) and isinstance(part.node("gauge"), Text):
            problems.note(
                part.mark("gauge"),
                f"{quoted(kpi)} is the memory of processes, and those of {name} are on its platform; read "
                "a number that the service answers itself, as in {metrics: /metrics, series: …}",
            )


def _check_shared_elsewhere(spec: SpecPart, problems: Problems) -> None:
    """Where a platform shares customers, the desk's router sees no request."""
    name, production = next(reversed(spec.environments.items()), ("", None))
    if production is None or not isinstance(production.deploy, DeployPart):
        return
    weight = production.deploy.command.weight
    if weight is None:
        return
    counted = set() if spec.metrics is None else set(spec.metrics.prometheus.counts)
    judged = [kpi for kpi, part in spec.kpis.items() if isinstance(part, KpiPart)]
    judged += [criterion.name for criterion in spec.rollback_when]
    lacking = [each for each in judged if each not in counted]
    if lacking:
        problems.note(
            weight.mark(),
            f"with weight the platform shares the customers of {name}, so the desk's router counts none "
            f"of their requests; name counters of {listed(quoted(each) for each in lacking)} in "
            "metrics.prometheus.counts",
        )
    if spec.testers is not None and spec.testers.header != "off":
        problems.note(
            spec.testers.mark(),
            f"with weight the platform shares the customers of {name}, and it knows no header that leads "
            "testers to a version; write testers: off",
        )
