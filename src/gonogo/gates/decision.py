"""Results of gates → GO, HOLD or NO_GO, in one sentence.

GO has to be earned: at least one required gate passed, and none is open. Whatever is missing, too
old, unclear or unknown holds; a failure that time alone does not mend refuses. Advisory gates are
shown and never counted. A result whose time has run out since it was made does not count any more.
"""

from dataclasses import replace
from datetime import datetime

from gonogo.domain.dossier import Dossier, evidence_digest
from gonogo.domain.gate import Answer, Decision, GateMode, GateResult, GateStatus
from gonogo.gates import words

_WORDS = {Answer.GO: "GO", Answer.HOLD: "HOLD", Answer.NO_GO: "NO-GO"}
_NAMED = 3


def decide(results: tuple[GateResult, ...], dossier: Dossier, now: datetime) -> Decision:
    """The answer for the dossier's commit and evidence, with the results in the order of their need."""
    results = tuple(_as_of(result, now) for result in results)
    required = tuple(result for result in results if _required(result))
    refusing = tuple(result for result in required if _refuses(result))
    blocking = refusing + tuple(r for r in required if _blocks(r) and not _refuses(r))
    passed = any(result.status is GateStatus.PASS for result in required)
    if refusing:
        answer = Answer.NO_GO
    elif blocking or not passed:
        answer = Answer.HOLD
    else:
        answer = Answer.GO
    rest = tuple(result for result in results if not (_required(result) and _blocks(result)))
    times = [r.until for r in required if r.until is not None and r.until > now]
    return Decision(
        answer=answer,
        sentence=f"{_WORDS[answer]}: {_told(blocking, required)}",
        commit=dossier.commit,
        digest=evidence_digest(dossier),
        at=now,
        results=blocking + rest,
        rehearse=answer is Answer.GO or _may_rehearse(answer, blocking),
        due=min(times, default=None),
    )


def _may_rehearse(answer: Answer, blocking: tuple[GateResult, ...]) -> bool:
    """All that is open need not be answered before staging; where nothing was asked, nothing begins."""
    return answer is Answer.HOLD and bool(blocking) and all(result.later for result in blocking)


def _required(result: GateResult) -> bool:
    return result.mode not in {GateMode.ADVISORY, GateMode.OFF}


def _blocks(result: GateResult) -> bool:
    return result.status not in {GateStatus.PASS, GateStatus.WAIVED, GateStatus.NOT_APPLICABLE}


def _refuses(result: GateResult) -> bool:
    return result.status is GateStatus.FAIL and not result.passes


def _as_of(result: GateResult, now: datetime) -> GateResult:
    """The result as it stands at this moment: what held until a time that has come is stale."""
    lasting = result.status in {GateStatus.PASS, GateStatus.WAIVED}
    if not lasting or result.until is None or now < result.until:
        return result
    reason = f"{result.reason}; that held until {words.moment(result.until)}"
    return replace(result, status=GateStatus.STALE, reason=reason)


def _told(blocking: tuple[GateResult, ...], required: tuple[GateResult, ...]) -> str:
    # What need not be answered yet is news only when nothing else is open.
    blocking = tuple(result for result in blocking if not result.later) or blocking
    asked = [result for result in required if result.status is not GateStatus.NOT_APPLICABLE]
    if blocking:
        return f"{_headline(blocking, len(asked))}: {_clauses(blocking)}"
    if not asked:
        return "no gate is required"
    waived = sum(result.status is GateStatus.WAIVED for result in asked)
    if waived == len(asked):
        return f"no required gate passed, {waived} waived"
    text = f"{words.count(len(asked) - waived, 'gate')} passed"
    return f"{text}, {waived} waived" if waived else text


def _headline(blocking: tuple[GateResult, ...], of: int) -> str:
    """ "2 of 6 gates are missing", or that they block."""
    one = len(blocking) == 1
    if all(result.status is GateStatus.MISSING for result in blocking):
        verb = "is missing" if one else "are missing"
    else:
        verb = "blocks" if one else "block"
    return f"{len(blocking)} of {words.count(of, 'gate')} {verb}"


def _clauses(blocking: tuple[GateResult, ...]) -> str:
    told = [_clause(result) for result in blocking[:_NAMED]]
    if (rest := len(blocking) - _NAMED) > 0:
        told.append(f"and {rest} more")
    return "; ".join(told)


def _clause(result: GateResult) -> str:
    """A result's reason, which names its gate unless it does so already."""
    name = words.KINDS.get(result.kind, str(result.kind))
    if result.reason.casefold().startswith(name.casefold()):
        return result.reason
    return f"{name}: {result.reason}"
