"""A decision for people and for CI: a table, Markdown for a pull request, JUnit for a build server."""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from gonogo.cli import output
from gonogo.domain.gate import Answer, Decision, GateMode, GateResult, GateStatus

EXIT_CODES: Mapping[Answer, int] = {
    Answer.GO: output.RELEASED,
    Answer.HOLD: output.HELD,
    Answer.NO_GO: output.NO_GO,
}

SIGNS: Mapping[GateStatus, str] = {
    GateStatus.PASS: "✔",
    GateStatus.FAIL: "✘",
    GateStatus.MISSING: "?",
    GateStatus.STALE: "⌛",
    GateStatus.INCONCLUSIVE: "…",
    GateStatus.WAIVED: "~",
    GateStatus.NOT_APPLICABLE: "–",
}

_OPEN = frozenset({GateStatus.FAIL, GateStatus.MISSING, GateStatus.STALE, GateStatus.INCONCLUSIVE})


def _words(result: GateResult) -> tuple[str, str]:
    """The gate's name and its status, with the mode where it cannot stop a release."""
    kind, status = result.kind.value.replace("_", " "), result.status.value.replace("_", " ")
    return kind, status if result.mode is GateMode.REQUIRED else f"{status} ({result.mode.value})"


def text_lines(
    decision: Decision, left: tuple[str, ...] = (), notes: tuple[str, ...] = ()
) -> list[str]:
    """The sentence, one line for each gate, and what to do where one is open."""
    lines = [decision.sentence]
    words = [_words(result) for result in decision.results]
    wide = [max((len(pair[column]) for pair in words), default=0) for column in (0, 1)]
    for result, (kind, status) in zip(decision.results, words, strict=True):
        sign = SIGNS[result.status]
        lines.append(f"  {sign} {kind:<{wide[0]}}  {status:<{wide[1]}}  {result.reason}")
        if result.status in _OPEN and result.fix:
            who = f" ({', '.join(result.asks)})" if result.asks else ""
            lines.append(f"  {'':{wide[0] + wide[1] + 6}}to do{who}: {result.fix}")
    if left:
        lines.append(f"  left to the desk: {', '.join(left)}")
    return lines + [f"  note: {note}" for note in notes]


def markdown(decision: Decision, left: tuple[str, ...] = (), notes: tuple[str, ...] = ()) -> str:
    """For a comment on a pull request."""
    lines = [f"### {_cell(decision.sentence)}", ""]
    lines += ["| | Gate | Status | Reason | To do |", "|---|---|---|---|---|"]
    for result in decision.results:
        kind, status = _words(result)
        todo = result.fix if result.status in _OPEN else ""
        cells = (SIGNS[result.status], kind, status, result.reason, todo)
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    lines += ["", f"Commit `{decision.commit[:12]}`, evidence `{decision.digest[:12]}`."]
    if left:
        lines.append(f"Left to the desk: {', '.join(left)}.")
    return "\n".join(lines + [f"Note: {_cell(note)}" for note in notes]) + "\n"


def _cell(text: str) -> str:
    """Text that stays text in a table of Markdown."""
    text = escape(" ".join(text.split()))
    for mark in ("\\", "|", "`", "*", "_", "[", "]", "@", "#"):
        text = text.replace(mark, f"\\{mark}")
    return text


def junit(service: str, decision: Decision) -> str:
    """One test case for each gate: a failed gate is a failure, an open one an error.

    What is waived, advisory and open, or does not apply is skipped with its reason.
    """
    cases = [_case(service, result) for result in decision.results]
    failures = sum("<failure" in case for case in cases)
    errors = sum("<error" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    stamp = decision.at.isoformat(timespec="seconds")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuite name={quoteattr(f"gonogo {service}")} {counts} timestamp="{stamp}">',
            f'  <properties><property name="commit" value="{decision.commit}"/></properties>',
            *cases,
            "</testsuite>",
            "",
        ]
    )


def _case(service: str, result: GateResult) -> str:
    kind, status = _words(result)
    name = f"  <testcase classname={quoteattr(f'gonogo.{service}')} name={quoteattr(kind)}"
    if result.status is GateStatus.PASS:
        return f"{name}/>"
    required = result.mode is GateMode.REQUIRED
    if not required or result.status not in _OPEN:
        tag = "skipped"
    else:
        tag = "failure" if result.status is GateStatus.FAIL else "error"
    message = quoteattr(_xml(f"{status}: {result.reason}"))
    return f"{name}><{tag} message={message}>{escape(_xml(result.fix))}</{tag}></testcase>"


def _xml(text: str) -> str:
    """Without characters that XML cannot hold."""
    return "".join(mark if mark.isprintable() or mark in "\t\n" else "?" for mark in text)


def view(
    service: str, decision: Decision, left: tuple[str, ...], notes: tuple[str, ...]
) -> dict[str, Any]:
    """As JSON."""
    from gonogo.usecases.releases.decisions import decision_view

    return {
        "service": service,
        **decision_view(decision),
        "left_to_the_desk": list(left),
        "notes": list(notes),
    }
