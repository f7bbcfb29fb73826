"""What promtool and amtool say of alerting rules and configuration.

`checked` counts what was looked at: every rule that holds, every configuration that holds, and every
fault. promtool writes faults to its error output, so that has to be in the file too (`2>&1`): a file
that was checked and of which nothing is said is refused.
"""

import re
from typing import BinaryIO

from gonogo.domain.facts import EXAMPLES, AlertRuleFacts, Example
from gonogo.evidence.format import Beginning, Format, Reading, unfit
from gonogo.evidence.wording import LONGEST_SHOWN, add, beginning_text, read_lines, shown

MOST_FILES = 1_000
"""Files that one run may check."""

_CHECKING = re.compile(r"Checking (?P<file>[^' ].*)")
_RULES = re.compile(r"  SUCCESS: (?P<rules>[0-9]{1,15}) rules found")
_CONFIG = re.compile(r" SUCCESS: .* is valid prometheus config file syntax")
_RULE_FILES = re.compile(r"  SUCCESS: (?P<files>[0-9]{1,15}) rule files found")
_FAILED = re.compile(r" +FAILED:(?: (?P<message>.*))?")
_AMTOOL_CHECKING = re.compile(
    r"Checking '(?P<file>.+)'  (?P<result>SUCCESS|FAILED)(?:: (?P<message>.*))?"
)
_AMTOOL_TEMPLATES = re.compile(r" - ([0-9]{1,15}) templates")
_AMTOOL_ANSWER = re.compile(r"  (?P<result>SUCCESS|FAILED)(?:: (?P<message>.*))?")
_AMTOOL_ERROR = re.compile(r"amtool: error: (?P<message>.*)")
_AMTOOL_SUM = re.compile(r"failed to validate ([0-9]{1,15}) file\(s\)")


class _File:
    """One file under promtool: what was said of it so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.held = 0
        self.failing = False
        self.faults = 0
        self.first_faults: list[str] = []
        self.answered = False
        self.is_config = False
        self.rule_files = 0


def recognises_promtool(beginning: Beginning) -> bool:
    """Its first words, about a file without quotes, and an answer."""
    text = beginning_text(beginning)
    return (
        _CHECKING.match(text) is not None
        and re.search(r"^ +(?:SUCCESS|FAILED):|^\s*$", text, re.MULTILINE) is not None
    )


def read_promtool(file: BinaryIO, name: str) -> Reading:
    """Rules and configurations. Raises InvalidInput."""
    files: list[_File] = []
    for number, line in read_lines(file, name):
        if start := _CHECKING.fullmatch(line):
            files.append(_File(start["file"]))
            _few(len(files), name)
            continue
        if line.startswith("promtool: error:"):
            raise unfit(name, f"line {number} says that promtool stopped: {shown(line, 100)}")
        if not files:
            raise unfit(name, "does not begin as promtool's words do")
        _promtool_line(files[-1], line)
    held = failed = 0
    examples: list[Example] = []
    for each in files:
        if not each.answered:
            raise unfit(
                name,
                f"does not say what came out for {shown(each.name, 80)}",
                hint="keep promtool's error output too: promtool check rules rules.yml > promtool.txt 2>&1",
            )
        held += each.held
        if each.failing:
            failed += max(each.faults, 1)
            for fault in each.first_faults or [""]:
                add(examples, "does not hold", each.name, fault)
    promised = sum(1 + each.rule_files for each in files if each.is_config)
    if promised > len(files):
        raise unfit(name, f"promises {promised} files, but tells of {len(files)}: it is not whole")
    if not held + failed:
        raise unfit(name, "promtool found no rule")
    return Reading((AlertRuleFacts("promtool", held + failed, failed, tuple(examples)),))


def _promtool_line(file: _File, line: str) -> None:
    if failed := _FAILED.fullmatch(line):
        file.answered = file.failing = True
        _fault(file, failed["message"] or "")
    elif rules := _RULES.fullmatch(line):
        file.answered = True
        file.held += int(rules["rules"])
    elif _CONFIG.fullmatch(line):
        file.answered = file.is_config = True
        file.held += 1
    elif rule_files := _RULE_FILES.fullmatch(line):
        file.rule_files = int(rule_files["files"])
    elif file.failing:
        _fault(file, line.strip())


def _fault(file: _File, line: str) -> None:
    """A fault of its own begins with the file's name or is the first; what follows belongs to it."""
    if not line:
        return
    if not file.faults or line.startswith(f"{file.name}: "):
        file.faults += 1
        if file.faults <= EXAMPLES:
            file.first_faults.append(shown(line))
    elif file.faults <= EXAMPLES and len(file.first_faults[-1]) < LONGEST_SHOWN:
        file.first_faults[-1] = shown(f"{file.first_faults[-1]} {line}")


def _few(files: int, name: str) -> None:
    if files > MOST_FILES:
        raise unfit(name, f"tells of more than {MOST_FILES} files, the most that are read")


def recognises_amtool(beginning: Beginning) -> bool:
    """Its first words, about a file in quotes."""
    return (
        _AMTOOL_CHECKING.match(beginning_text(beginning).split("\n", 1)[0].rstrip("\r")) is not None
    )


def read_amtool(file: BinaryIO, name: str) -> Reading:
    """Configurations. Raises InvalidInput."""
    results: dict[str, bool] = {}
    examples: list[Example] = []
    said: int | None = None
    current, waits = "", False
    for number, line in read_lines(file, name):
        answer = _AMTOOL_CHECKING.fullmatch(line) or _AMTOOL_ANSWER.fullmatch(line)
        if answer is not None:
            is_start = "file" in answer.re.groupindex
            current = answer["file"] if is_start else current
            results[current] = answer["result"] == "SUCCESS"
            _few(len(results), name)
            waits = is_start and results[current]
            if not results[current]:
                add(examples, "does not hold", current, answer["message"] or "")
        elif templates := _AMTOOL_TEMPLATES.fullmatch(line):
            waits = int(templates[1]) > 0
        elif error := _AMTOOL_ERROR.fullmatch(line):
            total = _AMTOOL_SUM.fullmatch(error["message"])
            if total is None:
                raise unfit(name, f"line {number} says that amtool stopped: {shown(line, 100)}")
            said = int(total[1])
    if waits:
        raise unfit(name, f"does not say what came out for {shown(current, 80)}: it is not whole")
    failed = sum(not held for held in results.values())
    if said is not None and said != failed:
        raise unfit(name, f"amtool says that it found {said} failing, but lists {failed}")
    if not results:
        raise unfit(name, "amtool checked no file")
    return Reading((AlertRuleFacts("amtool", len(results), failed, tuple(examples)),))


PROMTOOL = Format("promtool", recognises_promtool, read_promtool)
AMTOOL = Format("amtool", recognises_amtool, read_amtool)
