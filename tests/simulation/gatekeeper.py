"""What the gates promise, held against what was really filed and what customers really met.

Kept apart from the desk: papers are those that the store took, in the order and at the time it took
them, and the answer is computed anew from them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.life import Life
from tests.simulation.referee import Case, Referee

from gonogo.controllers.rehearsal_remains import PLACE
from gonogo.domain.actor import Role
from gonogo.domain.dossier import Dossier
from gonogo.domain.gate import Answer, Decision, GateMoment
from gonogo.domain.gate_rules import SignOffsRule
from gonogo.domain.paper import Paper
from gonogo.domain.release import Release, Stage
from gonogo.gates.decision import decide
from gonogo.gates.evaluate import evaluate
from gonogo.gates.sign_offs import standing
from gonogo.ports.store import Change

_LONGEST_HOLD = 45.0
"""Virtual seconds in which a release that lacks nothing goes on, when nothing is wrong."""

_ONCE_IN = 2.0
_BLOCKED = "cannot go on yet: "


class Gatekeeper:
    """Keeps the rules over gates of one run, and counts which ways were gone."""

    def __init__(
        self,
        referee: Referee,
        filed: list[tuple[float, Paper]],
        seconds: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self.reached: set[str] = set()
        self.time_is_sound = True
        self._referee = referee
        self._filed = filed
        self._seconds = seconds
        self._now = now
        self._answers: dict[str, Answer] = {}
        self._reasons: dict[str, str] = {}
        self._verified: set[str] = set()
        self._told_of: set[str] = set()
        self._ready_since: dict[str, float] = {}
        self._looked = -_ONCE_IN
        self._truth_of: Any = None
        self._truth: Any = None

    # --- what is true

    def truth(
        self,
        release: Release,
        *,
        ago: float = 0.0,
        moment: GateMoment = GateMoment.PRODUCTION,
    ) -> Decision:
        """The gates' answer to everything that was filed until so many seconds ago."""
        key = (release.id, release.revision, moment, len(self._filed), self._seconds(), ago)
        if key != self._truth_of:
            dossier = self._dossier(release, ago)
            at = self._now() - timedelta(seconds=ago)
            self._truth = decide(evaluate(release.plan, dossier, at, moment), dossier, at)
            self._truth_of = key
        return self._truth

    def _dossier(self, release: Release, ago: float) -> Dossier:
        until = self._seconds() - ago
        papers = tuple(
            paper
            for at, paper in self._filed
            if at <= until and paper.commit in {None, release.commit}
        )
        return Dossier(
            release.service,
            release.version,
            release.commit,
            papers,
            previous=release.previous,
            files={},
        )

    def lacks_nothing(self, release: Release) -> bool:
        """Whether a release that waits for its gates could go on."""
        if release.stage is Stage.HELD:
            early = release.came_from is not Stage.STAGING or not release.plan.rehearsals
            moment = GateMoment.STAGING if early else GateMoment.PRODUCTION
            decision = self.truth(release, moment=moment)
            return decision.answer is Answer.GO or (early and decision.rehearse)
        return self.truth(release).answer is Answer.GO

    def waits_for_gates(self, release: Release) -> bool:
        """Whether nothing but the gates keeps it where it is."""
        if release.stage is Stage.HELD:
            return True
        return (
            release.stage is Stage.CANARY
            and release.step < 0
            and self._answers.get(release.id) is Answer.HOLD
            and release.reason.startswith("HOLD: ")
        )

    # --- what is stored

    def recorded(self, life: Life, case: Case, before: Release, change: Change) -> None:
        """A change was stored."""
        release, action = case.release, change.audit.action if change.audit else ""
        if action.startswith("gates:release:"):
            self._answers[release.id] = Answer(action.rpartition(":")[2])
            if release.exposed:
                self._complain("the gates were asked again after customers had come")
        self._ways(before, change, release, action)
        self._verification(release, change)
        self._reason(release)
        if _meets_customers(before, release):
            self._exposed(life, release)

    def _ways(self, before: Release, change: Change, after: Release, action: str) -> None:
        way = f"{before.stage.value} → {after.stage.value}"
        if way in {"held → cleared", "held → no_go", "staging → held", "held → checking"}:
            self.reached.add(way)
        if action == "desk:release:waits" and self.waits_for_gates(after):
            self.reached.add(f"waits {after.stage.value}")
        if action == "desk:verification:asked" and after.stage is Stage.VERIFYING_ROLLBACK:
            self.reached.add("rollback verification asked")
        refused = self._answers.get(after.id) is Answer.NO_GO
        if way == "canary → rolling_back" and before.step < 0 and refused:
            self.reached.add("no_go at the last word")
        if action == "desk:release:criteria":
            self.reached.add("signed criteria taken")
        if action.startswith("desk:rehearsal:"):
            self.reached.add(action.removeprefix("desk:"))
        if change.audit is not None and action == "desk:rehearsal:left" and change.messages:
            self._told_of.add(change.audit.data["database"])

    def _verification(self, release: Release, change: Change) -> None:
        """Where the plan asks for it, somebody tried every line of what serves again."""
        wanted = release.plan.verification
        if wanted is None:
            return
        if change.audit is not None and change.audit.action == "person:verification:confirmed":
            lines = change.audit.data["lines"]
            if [line["name"] for line in lines if line["passed"]] != list(wanted.lines):
                self._complain(f"it was confirmed by {lines}, {wanted.lines} were asked")
            if release.stage is Stage.VERIFYING_ROLLBACK:
                self._verified.add(release.id)
                self.reached.add("rollback verified")
        rolled_back = release.stage is Stage.ROLLED_BACK
        if rolled_back and wanted.after_rollback and release.id not in self._verified:
            self._complain("it was rolled back, and nobody verified what serves again")

    def _reason(self, release: Release) -> None:
        if release.stage is not Stage.HELD or self._reasons.get(release.id) == release.reason:
            return
        self._reasons[release.id] = release.reason
        if not release.reason.startswith(("HOLD: ", _BLOCKED)):
            self._complain(f"it is held and does not say what is missing: {release.reason}")

    def _exposed(self, life: Life, release: Release) -> None:
        """Customers are about to meet the version: the newest decision is a GO, and a true one."""
        answer = self._answers.get(release.id)
        if answer is Answer.NO_GO:
            self._complain("customers come after a No-Go")
        elif answer is not Answer.GO:
            self._complain(f"customers come, and the newest decision is {answer}")
        if not self.time_is_sound:
            return
        # The last look is for the criteria, the one before it for the last word.
        within, lately = (self._seconds() - at for at in (life.papers_read[-2:]))
        times = self._ages(within)
        if all(self.truth(release, ago=ago).answer is not Answer.GO for ago in times):
            self._complain(f"customers come, and for {within:g} s: {self.truth(release).sentence}")
        self._criteria(release, lately)

    def _ages(self, within: float) -> list[float]:
        """Instants worth looking at, as seconds ago: now, then, and every filing between."""
        now = self._seconds()
        steps = [now - at for at, _ in self._filed if now - at <= within]
        return [0.0, within, *steps]

    def _criteria(self, release: Release, within: float) -> None:
        """What somebody signed for long enough ago is watched."""
        names = {criterion.name for criterion in release.plan.rollback_criteria}
        rule = next((rule for rule in release.plan.gates if isinstance(rule, SignOffsRule)), None)
        if rule is None:
            return
        then = {
            one.paper.id
            for one in standing(self._dossier(release, within), rule, self._now())
            if one.void is None
        }
        for one in standing(self._dossier(release, 0), rule, self._now()):
            if one.void is None and one.paper.id in then:
                for criterion in one.sign_off.criteria:
                    wanted = f"{criterion.name} (signed by {one.paper.actor} as {Role.QA.words})"
                    if wanted not in names:
                        self._complain(f"{wanted} is not watched")

    # --- what only shows over time

    def look(self, release: Release, last_mishap: float, *, held_up: bool) -> None:
        """Called again and again: a release that lacks nothing goes on by itself."""
        now = self._seconds()
        if now - self._looked < _ONCE_IN:
            return
        self._looked = now
        if held_up or not self.waits_for_gates(release) or not self.lacks_nothing(release):
            self._ready_since.pop(release.id, None)
            return
        since = self._ready_since.setdefault(release.id, now)
        if now - max(since, last_mishap) > _LONGEST_HOLD:
            self._complain(
                f"it lacks nothing for {now - since:.0f} s and is {release.stage.value}:"
                f" {release.reason}"
            )
            self._ready_since[release.id] = now + 1e9

    def died(self, running: Any, databases: set[str]) -> None:
        """A desk has just died: what it was about is left as it is."""
        if databases or any(instance.environment == PLACE for instance in running):
            self.reached.add("rehearsal cut off")

    def look_back(self, running: Any, databases: set[str]) -> None:
        """When every release has ended nothing of a rehearsal is left, or people know what is."""
        if not all(case.release.final for case in self._referee.cases.values()):
            return
        for instance in running:
            if instance.environment == PLACE:
                self._complain(f"{instance.id} of a rehearsal still runs after the end")
        for name in sorted(databases - self._told_of):
            self._complain(
                f"the scratch database {name} is left after the end, and nobody was told"
            )

    def _complain(self, rule: str) -> None:
        self._referee.complain(rule)


def _meets_customers(before: Release, after: Release) -> bool:
    first = after.exposed and not before.exposed and after.step >= 0
    alone = after.stage is Stage.PROMOTING and before.stage is Stage.CANARY and before.step < 0
    return first or alone
