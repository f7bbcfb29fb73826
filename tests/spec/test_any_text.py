"""Whatever a file holds, the reader answers with a plan or with SpecError."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from ruamel.yaml import YAML
from ruamel.yaml.compat import StringIO

from gonogo.domain.plan import Plan
from gonogo.spec import Problem, SpecError, json_schema, load

EXAMPLE = Path(__file__).with_name("example.yaml").read_text()
GATES = Path(__file__).with_name("gates.yaml").read_text()
LINES = [*EXAMPLE.splitlines(), *GATES.splitlines()]

fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answers(content: str | bytes) -> None:
    try:
        assert isinstance(load(content), Plan)
    except SpecError as error:
        assert_in_file(content, error.problems, str(error))


def assert_in_file(content: str | bytes, problems: tuple[Problem, ...], sentence: str) -> None:
    text = content.decode(errors="replace") if isinstance(content, bytes) else content
    last_line = len(re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)) + 1
    assert problems
    assert "\n" not in sentence
    assert all(1 <= problem.mark.line <= last_line for problem in problems)
    assert all(problem.mark.column >= 1 for problem in problems)


@fuzz
@given(some.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    answers(text)


@fuzz
@given(some.text(alphabet="ab:-?!&*{}[]|>'\"%@`,# \n\t~<0.", max_size=120))
def test_any_tangle_of_yaml_signs_is_answered(text: str) -> None:
    answers(text)


@fuzz
@given(some.binary(max_size=300))
def test_any_bytes_are_answered(content: bytes) -> None:
    answers(content)


@fuzz
@given(
    some.sampled_from([EXAMPLE, GATES]),
    some.floats(0, 1),
    some.integers(0, 40),
    some.text(alphabet="ab0%{}[]:-,'\"&*!$\n \t\x00é", max_size=12),
)
def test_any_damage_to_a_good_file_is_answered(
    good: str, place: float, length: int, other: str
) -> None:
    start = int(place * len(good))
    answers(good[:start] + other + good[start + length :])


@fuzz
@given(some.lists(some.sampled_from(LINES), max_size=60))
def test_any_order_of_good_lines_is_answered(lines: list[str]) -> None:
    answers("\n".join(lines))


_KEYS = sorted(
    {
        key
        for part in json_schema()["$defs"].values()
        for shape in (part, *part.get("anyOf", []))
        for key in shape.get("properties", {})
    }
    | {
        "run",
        "within",
        "share",
        "for",
        "requests",
        "path",
        "header",
        "status",
        *json_schema()["properties"],
    }
)
_SCALARS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(),
    some.floats(),
    some.dates(),
    some.sampled_from(["5%", "30m", "5xx", "/x", "{port}", "${a}", "off", "a b", ""]),
    some.text(max_size=10),
)
_VALUES = some.recursive(
    _SCALARS,
    lambda inner: some.one_of(
        some.lists(inner, max_size=4),
        some.dictionaries(
            some.one_of(some.sampled_from(_KEYS), some.text(max_size=5)), inner, max_size=4
        ),
    ),
    max_leaves=15,
)


@fuzz
@given(some.dictionaries(some.sampled_from(list(json_schema()["properties"])), _VALUES, min_size=1))
def test_any_yaml_under_known_keys_is_answered(tree: dict[str, object]) -> None:
    out = StringIO()
    YAML(typ="safe", pure=True).dump(tree, out)
    answers(out.getvalue())


_KNOWN = YAML(typ="safe", pure=True).load(EXAMPLE)


@fuzz
@given(some.sampled_from(sorted(_KNOWN)), _VALUES)
def test_any_value_in_place_of_a_good_one_is_answered(key: str, value: object) -> None:
    out = StringIO()
    YAML(typ="safe", pure=True).dump({**_KNOWN, key: value}, out)
    answers(out.getvalue())


_GATES = YAML(typ="safe", pure=True).load(GATES)["gates"]
_WITHOUT_GATES = """\
service: hello
run: ./hello {port}
health: /
smoke: [{name: front page, get: /}]
environments: {production: {port: 8080}}
kpis: {errors: {bad: 5xx, limit: 5%}}
rollout: {steps: [10% for 1m]}
"""


@fuzz
@given(some.data())
def test_any_value_in_place_of_a_gate_or_its_setting_is_answered(data: some.DataObject) -> None:
    kind = data.draw(some.sampled_from(sorted(_GATES)))
    gate = data.draw(_VALUES)
    if isinstance(_GATES[kind], dict) and data.draw(some.booleans()):
        gate = {**_GATES[kind], data.draw(some.sampled_from(sorted(_GATES[kind]))): gate}
    out = StringIO()
    YAML(typ="safe", pure=True).dump({"gates": {"smoke": "required", kind: gate}}, out)
    answers(_WITHOUT_GATES + out.getvalue())
