"""Every mistake is one sentence with its place, what was found and what is allowed."""

import pickle
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from gonogo.domain.errors import InvalidInput
from gonogo.spec import SpecError, load

HERE = Path(__file__).parent
EXAMPLE = (HERE / "example.yaml").read_text()


def rows(name: str) -> list[tuple[str, ...]]:
    table = YAML(typ="safe", pure=True).load(HERE / name)
    return [tuple(row.values()) for row in table]


def problems_of(content: str | bytes) -> SpecError:
    with pytest.raises(SpecError) as caught:
        load(content)
    return caught.value


@pytest.mark.parametrize(("good", "bad", "says"), rows("mistakes.yaml"))
def test_a_mistake_is_one_sentence_with_its_place(good: str, bad: str, says: str) -> None:
    assert good in EXAMPLE
    error = problems_of(EXAMPLE.replace(good, bad, 1))
    assert error.sentences() == (f"gonogo.yaml:{says}",)
    assert str(error) == f"gonogo.yaml:{says}"


@pytest.mark.parametrize(("section", "instead", "says"), rows("mistakes_in_sections.yaml"))
def test_a_missing_or_empty_section_is_one_sentence(section: str, instead: str, says: str) -> None:
    text = re.sub(rf"(?ms)^{section}:.*?(?=^\S)", instead, EXAMPLE, count=1)
    assert problems_of(text).sentences() == (f"gonogo.yaml:{says}",)


BOMB = """\
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
"""
# (the whole file, line:column: sentence)
FILES: list[tuple[str | bytes, str]] = [
    ("", '1:1: the file is empty; a spec begins with "service: NAME"'),
    ("# only a comment", '1:1: the file is empty; a spec begins with "service: NAME"'),
    ("- a", "1:1: a spec must be a mapping of keys to values, not a list"),
    ("orders", "1:1: a spec must be a mapping of keys to values, not a single value"),
    ("a: 1\x00", "1:5: the character U+0000 is not allowed in YAML"),
    ("[" * 1000, "1:41: values are nested more than 40 deep"),
    ("service: [a", "1:10: a bracket is opened here and never closed"),
    ("service: 'a", "1:10: a quote is opened here and never closed"),
    (b"a: 1\nb: \xff", "2:1: this line is not UTF-8 text; save the file as UTF-8"),
    ("a: \ud800", "1:1: this line is not UTF-8 text; save the file as UTF-8"),
    ("x: 1\n" * 200_001, "1:1: the file is larger than 1 MB (1000005 bytes); a spec is a few kB"),
    (
        "a: &a [*a]",
        "1:8: *a points to nothing that is defined before; "
        "put quotes around text that starts with *",
    ),
    (BOMB, "5:9: the file holds more than 20000 values, aliases counted"),
    (
        "%YAML 1.3\n---\na: 1",
        "1:1: this line begins with % but is no directive of YAML 1.2; leave it out",
    ),
    (
        "a: !!python/object/apply:os.system [ls]",
        "1:4: YAML tags (!…) are not allowed; put quotes around text",
    ),
]


@pytest.mark.parametrize(("content", "sentence"), FILES, ids=range(len(FILES)))
def test_a_file_that_is_no_spec_is_one_sentence(content: str | bytes, sentence: str) -> None:
    assert problems_of(content).sentences() == (f"gonogo.yaml:{sentence}",)


def test_all_problems_are_found_at_once_and_told_in_the_order_of_the_file() -> None:
    text = EXAMPLE.replace("watch: 45m", "watch: 45").replace("port: 8081", "port: 0")
    error = problems_of(text.replace("health: /health", "helth: /health"))
    assert [(problem.mark.line, problem.mark.column) for problem in error.problems] == [
        (4, 1),
        (28, 11),
        (49, 8),
    ]
    assert str(error).startswith("gonogo.yaml:4:1: ")
    assert str(error).endswith(" (and 2 more)")


def test_the_error_is_invalid_input_with_its_place_and_a_hint() -> None:
    error = problems_of(EXAMPLE.replace("watch: 45m", "watch: 45"))
    assert isinstance(error, InvalidInput)
    assert (error.file, error.line, error.column) == ("gonogo.yaml", 49, 8)
    assert error.hint is not None
    assert "gonogo schema" in error.hint


def test_the_error_survives_pickling() -> None:
    error = problems_of("")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.problems) == (str(error), error.problems)


def test_a_placeholder_no_environment_can_fill_is_refused_where_it_stands() -> None:
    text = EXAMPLE.replace("    database_url: sqlite:///staging.db\n", "", 1)
    error = problems_of(text.replace("upgrade head", "-x {database_url}"))
    assert error.sentences() == (
        "gonogo.yaml:6:33: {database_url} is used here, "
        "but environments.staging has no database_url",
    )


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    error = problems_of(EXAMPLE.replace("watch: 45m", "watch: " + "x" * 5000))
    assert len(str(error)) < 300


def test_a_value_made_to_take_long_is_answered_soon() -> None:
    for value in ("5% for " + " " * 200_000 + "x", "1" * 200_000, "slower than " + "x " * 100_000):
        text = EXAMPLE.replace("50% for 1h30m", f'"{value}"').replace("bad: 5xx", f'bad: "{value}"')
        assert len(problems_of(text).problems) >= 2


def test_depth_made_of_aliases_is_counted() -> None:
    links = "".join(f"k{number}: &a{number} [*a{number - 1}]\n" for number in range(1, 2000))
    assert problems_of("k0: &a0 []\n" + links).sentences() == (
        "gonogo.yaml:40:12: values are nested more than 40 deep",
    )


def test_a_key_with_a_line_break_does_not_break_the_sentence() -> None:
    error = problems_of(EXAMPLE.replace("  production:", '  "pro\\nduction":').replace("8080", "x"))
    assert all("\n" not in sentence for sentence in error.sentences())


def test_a_placeholder_in_a_folded_command_is_placed_at_its_start() -> None:
    text = EXAMPLE.replace("run: python -m orders --port {port}", "run: python -m\n  orders {prot}")
    assert (
        problems_of(text).sentences()[0].startswith("gonogo.yaml:3:6: unknown placeholder {prot}")
    )
