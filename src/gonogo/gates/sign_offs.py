"""The gate over sign-offs: a person's word in a role, for one commit and one set of evidence.

A word holds only while all that it was given for is still so. It is void once the commit or the
evidence is another one, when it has become too old, when it was taken back, when its signer did not
have the role, and when its signer wrote part of the change (as author or co-author of a commit).
Where it cannot be told who wrote the change, nobody's word counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gonogo.domain.actor import Role
from gonogo.domain.change import Change
from gonogo.domain.dossier import OF_THE_DESK, Dossier, evidence_digest, holding, withdrawn
from gonogo.domain.gate import GateResult, GateStatus
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import FiledEvidence, Handoff, Paper, Rejection, SignOff, Withdrawal
from gonogo.gates import words
from gonogo.gates.case import Case, answer
from gonogo.gates.supply import age_of

S = GateStatus
UNKNOWN_AUTHORS = "who wrote the change cannot be told"
_CO_AUTHOR = re.compile(
    r"^co-authored-by:\s*(.*?)\s*<([^<>\s]+)>\s*$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One sign-off and why it does not count, as a clause ("was taken back by …"), or None."""

    paper: Paper
    sign_off: SignOff
    void: str | None


def standing(dossier: Dossier, rule: SignOffsRule, now: datetime) -> tuple[Standing, ...]:
    """Every sign-off that was filed, in order, with None or why it is void."""
    taken_back = withdrawn(dossier.papers)
    digest = evidence_digest(dossier)
    return tuple(
        Standing(
            paper,
            paper.content,
            _taken_back(taken_back.get(paper.id))
            or _moved(dossier, paper, paper.content, digest)
            or _not_theirs(dossier, rule, paper, paper.content)
            or _too_old(rule, paper, now),
        )
        for paper in dossier.papers
        if isinstance(paper.content, SignOff)
    )


def _taken_back(withdrawal: Paper | None) -> str | None:
    if withdrawal is None or not isinstance(withdrawal.content, Withdrawal):
        return None
    at, reason = words.moment(withdrawal.at), withdrawal.content.reason
    return f"was taken back by {withdrawal.actor} at {at}: {reason}"


def _moved(dossier: Dossier, paper: Paper, sign_off: SignOff, digest: str) -> str | None:
    """Void because of another commit or other evidence; says what came later where that is known."""
    if paper.commit != dossier.commit:
        signed = words.short(paper.commit) if paper.commit else "no commit"
        return f"was for {signed}, this is {words.short(dossier.commit)}"
    if sign_off.digest == digest:
        return None
    later = dossier.papers[dossier.papers.index(paper) + 1 :]
    named = words.some(dict.fromkeys(name for one in later if (name := _changes(one))))
    return f"was for other evidence; since then: {named}" if named else "was for other evidence"


def _changes(paper: Paper) -> str:
    """What a paper changes of the evidence that sign-offs are bound to, or nothing."""
    content = paper.content
    if isinstance(content, Handoff):
        return f"a handoff by {paper.actor}"
    if isinstance(content, Withdrawal):
        return f"a withdrawal by {paper.actor}"
    if not isinstance(content, FiledEvidence) or paper.commit is None:
        return ""
    return "" if content.evidence.kind in OF_THE_DESK else content.evidence.name


def _not_theirs(
    dossier: Dossier, rule: SignOffsRule, paper: Paper, sign_off: SignOff
) -> str | None:
    if sign_off.role not in paper.roles:
        return f"{paper.actor} was not {sign_off.role.words} then"
    if rule.author_may_sign:
        return None
    wrote = authors(dossier.change)
    if wrote is None:
        return UNKNOWN_AUTHORS
    own = {paper.actor.casefold(), *(email.casefold() for email in paper.emails)}
    return None if own.isdisjoint(wrote) else f"{paper.actor} wrote part of the change"


def authors(change: Change | None) -> frozenset[str] | None:
    """Names and addresses (in small letters) of whoever wrote part of a change; None: cannot be told."""
    if change is None or (change.files and not change.commits):
        return None
    found: set[str] = set()
    for commit in change.commits:
        found.update((commit.author_name, commit.author_email))
        for name, email in _CO_AUTHOR.findall(commit.body):
            found.update((name, email))
    return frozenset(word.strip().casefold() for word in found if word.strip())


def _too_old(rule: SignOffsRule, paper: Paper, now: datetime) -> str | None:
    old = age_of(paper.at, rule, now)
    return None if old is None else f"is {old}"


def rejections(dossier: Dossier) -> tuple[tuple[Paper, Rejection], ...]:
    """Every no to this commit that stands: not taken back, and not followed by its author's yes."""
    place = dossier.papers.index
    signed = holding(dossier, SignOff)
    return tuple(
        (paper, rejection)
        for paper, rejection in holding(dossier, Rejection)
        if paper.commit == dossier.commit
        and not any(
            (later.actor, word.role) == (paper.actor, rejection.role)
            and place(later) > place(paper)
            for later, word in signed
        )
    )


def sign_offs(rule: SignOffsRule, case: Case) -> GateResult:
    """Whether enough people signed in every role that is asked for; one person counts once in a role.

    A no that stands fails it, however many others signed; it ends with its author's word.
    """
    needed = {role: number for role, number in rule.needed.items() if number > 0}
    if not needed:
        return answer(rule, S.INCONCLUSIVE, "the rule asks for nobody's sign-off")
    if said := rejections(case.dossier):
        return _rejected(rule, said)
    if not rule.author_may_sign and authors(case.dossier.change) is None:
        return answer(rule, S.INCONCLUSIVE, f"{UNKNOWN_AUTHORS}, so no sign-off can count")
    every = standing(case.dossier, rule, case.now)
    last = {
        (one.sign_off.role, one.paper.actor.casefold()): one.paper
        for one in every
        if one.void is None and one.sign_off.role in needed
    }
    have = {role: sum(signed is role for signed, _ in last) for role in needed}
    if any(have[role] < needed[role] for role in needed):
        return _lacking(rule, needed, have, every)
    signers = ", ".join(f"{paper.actor} ({role.words})" for (role, _), paper in last.items())
    until = min(paper.at for paper in last.values()) + rule.expires
    total = sum(needed.values())
    return answer(
        rule,
        S.PASS,
        f"signed by {signers}",
        number=total,
        limit=total,
        unit="sign-offs",
        until=until,
    )


def _rejected(rule: SignOffsRule, said: tuple[tuple[Paper, Rejection], ...]) -> GateResult:
    told = (f"{each.role.words} by {paper.actor}: {each.reason}" for paper, each in said)
    return answer(
        rule,
        S.FAIL,
        f"rejected as {words.some(told, '; ')}",
        asks=tuple(dict.fromkeys(paper.actor for paper, _ in said)),
        fix="settle it with whoever rejected it, who then signs or takes the rejection back",
        passes=True,
    )


def _lacking(
    rule: SignOffsRule,
    needed: Mapping[Role, int],
    have: Mapping[Role, int],
    every: tuple[Standing, ...],
) -> GateResult:
    """Which roles have not signed yet, or not often enough, and which of their words are void."""
    missing = [role for role in needed if have[role] < needed[role]]
    names = [
        role.words if needed[role] == 1 else f"{role.words} ({have[role]} of {needed[role]})"
        for role in missing
    ]
    verb = "is" if len(names) == 1 else "are"
    number = sum(min(have[role], needed[role]) for role in needed)
    total = sum(needed.values())
    reason = f"{number} of {words.count(total, 'required sign-off')}"
    reason = f"{reason}: {', '.join(names)} {verb} missing"
    if void := [one for one in every if one.void is not None and one.sign_off.role in missing]:
        reason = f"{reason}; void: {words.some((_void(one) for one in void), '; ')}"
    return answer(
        rule,
        S.MISSING,
        reason,
        number=number,
        limit=total,
        unit="sign-offs",
        asks=tuple(role.words for role in missing),
    )


def _void(one: Standing) -> str:
    return f"{one.sign_off.role.words} by {one.paper.actor} ({one.void})"
