"""ESLint's JSON."""

from typing import BinaryIO

from gonogo.domain.facts import Example, LintFacts
from gonogo.evidence.format import Beginning, Format, Reading
from gonogo.evidence.json_document import Node, outline, read_document
from gonogo.evidence.wording import add

ERROR = 2
WARNING = 1


def recognises(beginning: Beginning) -> bool:
    """A list of files with their messages."""
    found = outline(beginning)
    return found is not None and found.is_list and {"filePath", "messages"} <= found.keys


def read(file: BinaryIO, name: str) -> Reading:
    """Findings. Raises InvalidInput."""
    errors = warnings = files = 0
    examples: list[Example] = []
    for each in read_document(file, name).items():
        files += 1
        own = [message.need("severity").count() for message in each.need("messages").items()]
        for key, severity in (("errorCount", ERROR), ("warningCount", WARNING)):
            said = each.need(key)
            if said.count() != own.count(severity):
                raise said.unfit(f"is {said.count()}, but the list has {own.count(severity)}")
        errors += own.count(ERROR)
        warnings += own.count(WARNING)
        for message in each.need("messages").items():
            rule = message.find("ruleId")
            what = rule.text() if rule is not None else "error"
            add(examples, what, _place(each, message), message.need("message").text())
    return Reading((LintFacts("eslint", errors, warnings, files, tuple(examples)),))


def _place(file: Node, message: Node) -> str:
    line = message.find("line")
    path = file.need("filePath").text()
    return f"{path}:{line.count()}" if line is not None else path


ESLINT = Format("eslint", recognises, read)
