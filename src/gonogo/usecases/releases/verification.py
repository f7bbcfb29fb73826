"""A person's check of a promoted release, line by line as the plan lists them.

A release is confirmed when every line was tried and passed; one that failed rejects it, whatever else
was said, and it is taken back. To reject, not every line has to be tried first.
"""

import difflib
import re
from dataclasses import replace
from typing import Any

from gonogo.domain.actor import Actor
from gonogo.domain.errors import Conflict, InvalidInput, NotAllowed
from gonogo.domain.plan import Verification
from gonogo.domain.release import InstructionKind, Release, VerifiedLine
from gonogo.usecases.context import Context
from gonogo.usecases.papers.filing import spoken
from gonogo.usecases.permissions import Deed, allow
from gonogo.usecases.releases.lifecycle import find_release, instruct
from gonogo.usecases.services.specs import duration_of

WORDS = frozenset({InstructionKind.CONFIRM, InstructionKind.REJECT})
LONGEST_NOTE = 1000
_LONGEST_SECONDS = 86_400.0
_LINE = re.compile(
    r"^(?P<name>.+?)=(?P<word>pass|fail)(?::(?P<span>[^:]*)(?::(?P<note>.*))?)?$", re.DOTALL
)


def line_of(text: str) -> VerifiedLine:
    """`login=pass:12s:note` as a line: duration and note may be left out. Raises InvalidInput."""
    match = _LINE.match(text.strip())
    if match is None:
        raise InvalidInput(
            f'"{text[:80]}" does not say how a line ended; write it as in "login=pass",'
            ' "login=pass:12s" or "login=fail:8s:no answer"'
        )
    span = (match["span"] or "").strip()
    seconds = duration_of(span).total_seconds() if span else None
    note = (match["note"] or "").strip()
    return VerifiedLine(match["name"].strip(), match["word"] == "pass", seconds, note)


async def tell(
    context: Context,
    actor: Actor,
    *,
    reference: str,
    kind: InstructionKind,
    reason: str = "",
    lines: tuple[VerifiedLine, ...] = (),
    seen: int | None = None,
) -> Release:
    """Tell a release anything; confirming and rejecting go through `verify`.

    Raises what `verify` and `instruct` raise, and InvalidInput for lines that nothing is done with.
    """
    if kind in WORDS:
        return await verify(
            context, actor, reference=reference, kind=kind, lines=lines, reason=reason, seen=seen
        )
    if lines:
        raise InvalidInput(f"{kind.value.replace('_', ' ')} takes no lines; confirm and reject do")
    return await instruct(context, actor, reference=reference, kind=kind, reason=reason, seen=seen)


async def verify(
    context: Context,
    actor: Actor,
    *,
    reference: str,
    kind: InstructionKind,
    lines: tuple[VerifiedLine, ...] = (),
    reason: str = "",
    seen: int | None = None,
) -> Release:
    """Confirm or reject a promoted release; a confirmation with a line that failed rejects it.

    Raises InvalidInput when a line was not answered, is unknown or comes twice, NotAllowed for roles
    that the plan does not ask for, Conflict when there is nothing to confirm.
    """
    allow(actor, Deed.VERIFY)
    if kind not in WORDS:
        raise Conflict(f"{kind.value.replace('_', ' ')} says nothing of a verification")
    release = await find_release(context, reference)
    verification = release.plan.verification
    _asked(actor, verification)
    lines = _fitting(lines, () if verification is None else verification.lines, kind)
    failed = tuple(line for line in lines if not line.passed)
    if kind is InstructionKind.CONFIRM and failed:
        kind = InstructionKind.REJECT
    reason = reason.strip() or _told(lines, failed)
    return await instruct(
        context, actor, reference=release.id, kind=kind, reason=reason, lines=lines, seen=seen
    )


def _asked(actor: Actor, verification: Verification | None) -> None:
    if verification and verification.roles and not actor.roles & set(verification.roles):
        names = ", ".join(role.words for role in verification.roles)
        raise NotAllowed(
            f"this release is verified by: {names}; {actor.name} has none of these roles"
        )


def _fitting(
    lines: tuple[VerifiedLine, ...], asked: tuple[str, ...], kind: InstructionKind
) -> tuple[VerifiedLine, ...]:
    """The lines in the plan's order and spelling."""
    names = {name.lower(): name for name in asked}
    given: dict[str, VerifiedLine] = {}
    for line in lines:
        name = names.get(line.name.strip().lower())
        if name is None:
            raise InvalidInput(_unknown(line.name, asked))
        if name in given:
            raise InvalidInput(f'the line "{name}" is answered twice')
        if line.seconds is not None and not 0 <= line.seconds <= _LONGEST_SECONDS:
            raise InvalidInput(f'the line "{name}" took {line.seconds:g} s; 0 s to 1 day')
        note = spoken(line.note, f'the note of "{name}"', least=0, most=LONGEST_NOTE)
        given[name] = replace(line, name=name, note=note)
    left = [name for name in asked if name not in given]
    if kind is InstructionKind.CONFIRM and left:
        raise InvalidInput(
            f"{len(left)} of {len(asked)} lines are not answered: {', '.join(left)}",
            hint=f'add --line "{left[0]}=pass" for each, or =fail',
        )
    return tuple(given[name] for name in asked if name in given)


def _unknown(name: str, asked: tuple[str, ...]) -> str:
    if not asked:
        return f'the plan asks for no line "{name[:80]}"; it asks for none at all'
    near = difflib.get_close_matches(name.strip()[:80], asked, n=1, cutoff=0.5)
    guess = f'; did you mean "{near[0]}"?' if near else ""
    return f'the plan asks for no line "{name[:80]}" (it asks for: {", ".join(asked)}){guess}'


def _told(lines: tuple[VerifiedLine, ...], failed: tuple[VerifiedLine, ...]) -> str:
    if failed:
        said = [f"{line.name} failed{f': {line.note}' if line.note else ''}" for line in failed]
        return "; ".join(said)[:LONGEST_NOTE]
    return f"{len(lines)} of {len(lines)} lines passed" if lines else ""


def verification_view(release: Release) -> dict[str, Any]:
    """What the plan of a release asks of whoever confirms it."""
    asked = release.plan.verification
    return {
        "release": release.id,
        "service": release.service,
        "version": release.version,
        "stage": release.stage.value,
        "lines": list(asked.lines) if asked else [],
        "roles": [role.value for role in asked.roles] if asked else [],
    }
