"""One spec file on its way: text → tree → shape → checks → Plan. Every problem is found in one run."""

import hashlib

from pydantic import ValidationError

from gonogo.domain.plan import Plan
from gonogo.spec import scalars
from gonogo.spec.assembly import assemble
from gonogo.spec.commands import check_commands, check_variables
from gonogo.spec.names import note_bad_keys, note_duplicates, note_long_keys
from gonogo.spec.part import Problems, found_by_shape
from gonogo.spec.problem import SpecError
from gonogo.spec.shape import SpecPart
from gonogo.spec.source import Table, parse


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


def _check_whole(spec: SpecPart, problems: Problems) -> None:
    empty = {
        "smoke": "smoke is empty; a release that no smoke test tried is not verified",
        "kpis": "kpis is empty; without a KPI nothing would judge the release",
        "environments": "environments is empty; name at least one, the last one is production",
    }
    for key, sentence in empty.items():
        if not getattr(spec, key):
            problems.note(spec.mark(key), sentence)
    note_duplicates(problems, "smoke test", [(test.name, test.mark("name")) for test in spec.smoke])
    judged = [(name, kpi.mark()) for name, kpi in spec.kpis.items()]
    judged += [(criterion.name, criterion.mark("name")) for criterion in spec.rollback_when]
    note_duplicates(problems, "KPI or rollback criterion", judged)
    _check_ports(spec, problems)
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
