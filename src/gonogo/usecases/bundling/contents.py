"""What the statements of a bundle say of each other: recomputed as far as a file alone can tell.

All of it was signed, so this does not guard against strangers. It guards against a desk that signs what
does not fit together, and lets a reader see what rests on what.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.domain.dossier import digest_of_evidence
from gonogo.domain.evidence import EvidenceKind
from gonogo.gates.words import count
from gonogo.usecases.bundling import statements as of
from gonogo.usecases.bundling.audit import why_not
from gonogo.usecases.bundling.envelopes import Unsound

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of a bundle: its line from 1, its predicate's type, and the predicate."""

    place: int
    kind: str
    predicate: Data


class WrongLine(Unsound):
    """What does not hold in one line (0: in the file as a whole)."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def contents(lines: Sequence[Line]) -> tuple[str, ...]:
    """Check them against each other; what that proves, in sentences.

    Raises WrongLine for the first that does not hold; KeyError, TypeError, ValueError or
    AttributeError for a statement of another shape.
    """
    expected = (*of.ONCE, of.BUNDLE)
    rest = tuple(line.kind for line in lines if line.kind != of.TEST_RESULT)
    if rest != expected:
        raise WrongLine(0, "it does not hold every statement of a bundle once and in order")
    once = {line.kind: line for line in lines if line.kind != of.TEST_RESULT}
    whole = once[of.BUNDLE].predicate
    reports = _evidence(once[of.EVIDENCE], once[of.PAPERS], whole)
    tests = [line for line in lines if line.kind == of.TEST_RESULT]
    _tests(tests, once[of.EVIDENCE])
    entries, withheld = _audit(once[of.AUDIT])
    decided = _decision(once, entries, reports)
    if once[of.ROLLOUT].predicate["outcome"] != whole["outcome"]:
        raise WrongLine(once[of.ROLLOUT].place, "its outcome is not that of the last line")
    return _proven(once, tests, len(entries), withheld, decided)


def _evidence(evidence: Line, papers: Line, whole: Data) -> frozenset[tuple[str, str]]:
    """Name and digest of every report; the evidence that counted has the digest that papers name."""
    pieces = evidence.predicate["evidence"]
    handoff = papers.predicate["handoff"]
    again = digest_of_evidence(
        whole["service"],
        whole["commit"],
        None if handoff is None else handoff["paper"],
        (
            [each["kind"], each["name"], each["digest"]["sha256"]]
            for each in pieces
            if each["counted"] and not each["of_the_desk"] and not each["of_service"]
        ),
    )
    if again != papers.predicate["evidence_digest"]:
        raise WrongLine(evidence.place, "its evidence does not have the digest that papers name")
    return frozenset((each["name"], each["digest"]["sha256"]) for each in pieces)


def _tests(tests: Sequence[Line], evidence: Line) -> None:
    """Every report of tests has its result, and the result follows from its counts."""
    reports = [
        each for each in evidence.predicate["evidence"] if each["kind"] == EvidenceKind.TESTS.value
    ]
    if len(reports) != len(tests):
        raise WrongLine(
            evidence.place, f"it lists {len(reports)} reports of tests, with {len(tests)} results"
        )
    for line, report in zip(tests, reports, strict=True):
        configuration = [{"name": report["name"], "digest": report["digest"]}]
        if line.predicate["configuration"] != configuration:
            raise WrongLine(line.place, "it is the result of a report that is not listed there")
        counts = report["tests"]
        if line.predicate["result"] != of.test_outcome(
            counts["total"], counts["failed"], counts["flaky"]
        ):
            raise WrongLine(line.place, "its result does not follow from the report's counts")


def _audit(audit: Line) -> tuple[dict[int, Data], int]:
    """The entries by their number, and how many cannot be told because something is withheld."""
    head = audit.predicate["head"]
    found: dict[int, Data] = {}
    last: Data | None = None
    for entry in audit.predicate["entries"]:
        number = entry["sequence"]
        reason = why_not(entry)
        if last is not None and number <= last["sequence"]:
            reason = "it does not come after the one before it"
        elif last is not None and number == last["sequence"] + 1:
            follows = entry["previous"] == last["digest"]
            reason = reason if follows else "it does not follow the entry before it"
        if number > head["sequence"]:
            reason = "it comes after the head of the chain"
        elif number == head["sequence"] and entry["digest"] != head["digest"]:
            reason = "it is not the head of the chain"
        if reason is not None:
            raise WrongLine(audit.place, f"audit entry {number} does not hold: {reason}")
        found[number] = last = entry
    return found, sum(entry.get("withheld") is True for entry in found.values())


def _decision(
    once: Mapping[str, Line], entries: Mapping[int, Data], reports: frozenset[tuple[str, str]]
) -> Data | None:
    """The decision is the one in the audit chain, and rests on the evidence that is listed."""
    line = once[of.DECISION]
    decision, where = line.predicate["decision"], line.predicate["entry"]
    if decision is None:
        return None
    entry = entries.get(where["sequence"])
    if entry is None or entry["digest"] != where["digest"]:
        raise WrongLine(line.place, "its decision is not among the audit entries")
    withheld = entry.get("withheld") is True
    if not withheld and entry["data"] != decision:
        raise WrongLine(line.place, "its decision is not that of its audit entry")
    if decision["digest"] != once[of.PAPERS].predicate["evidence_digest"]:
        raise WrongLine(line.place, "its decision rests on other evidence than is listed")
    if decision["commit"] != once[of.BUNDLE].predicate["commit"]:
        raise WrongLine(line.place, "its decision is about another commit")
    for gate in () if withheld else decision["gates"]:
        for used in gate["evidence"]:
            if (used["name"], used["digest"]) not in reports:
                raise WrongLine(
                    line.place, f"gate {gate['kind']} rests on {used['name']}, which is not listed"
                )
    found: Data = decision
    return found


def _proven(
    once: Mapping[str, Line],
    tests: Sequence[Line],
    entries: int,
    withheld: int,
    decided: Data | None,
) -> tuple[str, ...]:
    whole = once[of.BUNDLE].predicate
    pieces = once[of.EVIDENCE].predicate["evidence"]
    counted = sum(bool(each["counted"]) for each in pieces)
    head = once[of.AUDIT].predicate["head"]
    said = [
        f"the desk signed all {len(whole['statements'])} statements, and none is missing,"
        " added or moved",
        f"they are about commit {whole['commit']}",
        f"{count(len(pieces), 'piece of evidence is', 'pieces of evidence are')} named by digest,"
        f" {counted} of them counted; {count(len(tests), 'is a report', 'are reports')} of tests",
    ]
    if decided is None:
        said.append("no decision had been made")
    else:
        said.append(
            f"the decision of {decided['at']} ({decided['answer'].replace('_', '-').upper()})"
            " rests on exactly this evidence and this handoff"
        )
    said.append(_signed_off(once[of.PAPERS].predicate["sign_offs"]))
    said.append(
        f"{entries - withheld} audit entries have the content they were written with,"
        f" up to entry {head['sequence']} of the chain"
    )
    if withheld:
        said.append(f"{withheld} audit entries hold a secret and are listed by digest only")
    return tuple(said)


def _signed_off(papers: Iterable[Data]) -> str:
    names = [
        f"{each['by']} ({each['content']['role'].replace('_', ' ')})"
        for each in papers
        if each["void"] is None
    ]
    return f"signed off by {', '.join(names)}" if names else "nobody's sign-off counted"
