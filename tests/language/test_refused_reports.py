"""Whoever reads another language is told in it why a report was refused, and what a migration endangers."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from tests.language.recorded import OTHERS
from tests.language.refused import PLACE, Worded, sentences

from gonogo import evidence
from gonogo.language.phrases import say
from gonogo.usecases.papers import evidence as pushing

READERS = Path(evidence.__file__).parent
SPEAK_TO_COMMANDS = ("access_log.py", "counts_csv.py")
"""What is read for one command alone, which answers in English; no desk has ever stored its words."""
NAMES = ("7", "deadbeef")
CLAUSES = ("is empty", "an object")
ADVISED = ": only add to it"
"""What is done of a danger is said only beside its advice."""
KIND = "load test"
DANGERS = ("drops table orders", "table", "a check", "check")
BEFORE = ("report.json: ", "", "report.json: runs[0].tool ")
COMMAND = re.compile(r"(?:alembic|coverage|gonogo|python|ruff) [a-z]")


def _whole(worded: Worded) -> Iterator[str]:
    """What the sentence may be in the end, with a name or a number in its places."""
    said, places = worded.said, worded.said.count(PLACE)
    # A clause may only be within what adds a place to it: it would make other words look known.
    clauses = CLAUSES if len(re.findall("[a-z]+", said)) <= 3 else ()
    dangers = DANGERS if worded.danger else ()
    for values in product(
        (*NAMES, KIND, *clauses, *dangers) if places < 4 else NAMES, repeat=places
    ):
        filled = iter(values)
        whole = re.sub(PLACE, lambda _, filled=filled: next(filled), said)
        if worded.danger:
            yield from (whole, whole + ADVISED)
        else:
            yield from (before + whole for before in BEFORE)


def _unsaid(found: Iterator[Worded]) -> list[str]:
    every = {each.said: each for each in found if not COMMAND.match(each.said)}
    return [
        f"{each.where}: {each.said.replace(PLACE, '…')}"
        for each in every.values()
        if not any(say(whole, OTHERS[0]).translated for whole in _whole(each))
    ]


def test_every_sentence_that_a_reader_of_reports_can_say_has_a_form():
    found = list(sentences(READERS.rglob("*.py"), but=SPEAK_TO_COMMANDS))
    assert len(found) > 200
    assert _unsaid(iter(found)) == []


def test_every_sentence_that_refuses_what_is_pushed_has_a_form():
    found = list(sentences([Path(pushing.__file__)]))
    assert len(found) > 6
    assert _unsaid(iter(found)) == []


def test_a_sentence_without_a_form_is_found_wherever_its_words_are_put_together(tmp_path: Path):
    file = tmp_path / "reader.py"
    file.write_text(
        "def read(name, node, count):\n"
        "    what = f'is {count} and the moon is full'\n"
        "    if count:\n"
        "        raise unfit(name, what, hint='howl at it')\n"
        "    raise node.unfit('shines ' + ('red' if node else f'{count} nights long'))\n"
    )
    assert sorted(_unsaid(sentences([file]))) == [
        "reader.py:4: howl at it",
        "reader.py:4: is … and the moon is full",
        "reader.py:5: shines red",
        "reader.py:5: shines … nights long",
    ]
