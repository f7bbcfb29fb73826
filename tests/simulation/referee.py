"""What must never happen, looked at after every call that had an effect.

The referee keeps its own copy of the rows from what was stored, so that looking costs nothing and
disturbs nothing. A broken rule is written down with its time; the run goes on, so that the first one
can be understood together with what follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.simulation.life import Life

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.adapters.memory.router import MemoryRouter
from gonogo.controllers.confirming import STEPS
from gonogo.controllers.layout import layout_of
from gonogo.controllers.rehearsal_remains import PLACE
from gonogo.domain.audit import AuditDraft
from gonogo.domain.ground import ADOPTED, Scripts
from gonogo.domain.instance import Instance, instance_id
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.message import Message
from gonogo.domain.plan import Command, Plan
from gonogo.domain.registration import Registration
from gonogo.domain.release import TRANSITIONS, WAITING, Instruction, InstructionKind, Release, Stage
from gonogo.domain.slot import Layout, Slot
from gonogo.ports.store import Change, Lease
from gonogo.ports.workshop import Job


@dataclass
class Case:
    """What is known of one release."""

    release: Release
    fence: int = 0
    driver: str = ""
    came_to_canary: bool = False
    promotions: int = 0
    taken_back: float | None = None
    confirmed: float | None = None
    confirmation_written: bool = False
    retries: int = 0
    steps: dict[str, StepState] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    ran: dict[str, int] = field(default_factory=dict)


class Referee:
    """Keeps the rules of one run."""

    watched = frozenset(
        {
            "router.apply",
            "deployer.start",
            "deployer.stop",
            "workshop.run",
            "store.record",
            "store.claim",
            "store.rearrange",
            "store.papers",
        }
    )
    """Calls that change what rules speak of. All others only read, or are looked at when all is over."""

    def __init__(
        self,
        registration: Registration,
        router: MemoryRouter,
        deployer: MemoryDeployer,
        now: Any,
    ) -> None:
        self.broken: list[str] = []
        self.cases: dict[str, Case] = {}
        self.rows: dict[tuple[str, str], Slot] = {}
        self.messages: set[str] = set()
        self.words: dict[str, tuple[Instruction, float]] = {}
        self.open_words: dict[str, tuple[Instruction, float]] = {}
        """Those that no change has answered yet."""
        self._answered: set[str] = set()
        self.calls = 0
        self.several = False
        self.reached: Callable[[Stage], None] | None = None
        self.also: Callable[[Life, Case, Release, Change], None] | None = None
        """Who else looks at every change, with the release as it was before."""
        self.trace: Any = None
        self._pictures: dict[str, int] = {}
        self._adopted: set[str | None] = set()
        self._registration = registration
        self._router = router
        self._deployer = deployer
        self._now = now
        self._served = False

    def complain(self, rule: str) -> None:
        """A rule was broken."""
        if len(self.broken) < 20:
            self.broken.append(f"{self._now():9.3f} s: {rule}")

    def opened(self, release: Release, message: str) -> None:
        """A release begins."""
        self.cases[release.id] = Case(release)
        self.messages.add(message)

    def adopted(self, slot: Slot) -> None:
        """What runs there was found there: nobody here may start it or stop it."""
        self.rows[slot.environment, slot.name] = slot
        self._adopted.add(slot.instance)

    def said(self, instruction: Instruction, at: float) -> None:
        """A person said something."""
        self.words[instruction.id] = (instruction, at)
        if instruction.id not in self._answered:
            self.open_words[instruction.id] = (instruction, at)
        if instruction.kind is InstructionKind.RETRY:
            self.cases[instruction.release].retries += 1

    def answer(self, identity: str) -> None:
        """A word was answered; the change that says so may be seen before the word itself."""
        self._answered.add(identity)
        self.open_words.pop(identity, None)

    def unanswered(self, release: str) -> bool:
        """Whether a word to this release waits for its answer."""
        return any(word.release == release for word, _ in self.open_words.values())

    @property
    def newest(self) -> Case:
        """The release that was started last."""
        return next(reversed(self.cases.values()))

    def called(self, life: Life, name: str) -> None:
        """A call begins."""
        self.calls += 1
        if self.trace is not None:
            self.trace(f"{self._now():.6f} {life.tag} {name}")

    def about(
        self, life: Life, name: str, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        """A call is about to have its effect."""
        if name == "router.apply":
            self._before_apply(life, arguments[0])
        elif name == "deployer.start":
            self._before_start(arguments[0], options.get("fence"))
        elif name == "deployer.stop":
            self._before_stop(arguments[0], options.get("fence"))
        elif name == "workshop.run":
            self._before_run(arguments[0])

    def done(self, life: Life, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        """A call had its effect."""
        if name == "store.record":
            self._recorded(life, arguments[0], result)
        elif name == "store.claim":
            self._claimed(result)
        elif name == "store.rearrange":
            self._rearranged(*arguments)
        elif name == "router.apply":
            self._laid_out(life, arguments[0])
            self.look_at_customers()
        elif name == "store.papers" and len(arguments) > 1:  # of one version: a decision follows
            life.papers_read.append(self._now())

    def _claimed(self, lease: Lease | None) -> None:
        if lease is None:
            return
        case = self.cases[lease.release]
        if lease.fence < case.fence:
            self.complain(f"fence {lease.fence} was given after fence {case.fence}")
        if lease.fence == case.fence and case.driver != lease.desk:
            self.complain(f"{case.driver} and {lease.desk} hold the same fence {lease.fence}")
        case.fence, case.driver = lease.fence, lease.desk

    def _recorded(self, life: Life, change: Change, result: Release) -> None:
        case = self.cases[change.release.id]
        if change.lease.fence != case.fence or change.lease.desk != case.driver:
            self.complain(
                f"{life.desk} wrote with fence {change.lease.fence}, while {case.driver} drives with"
                f" fence {case.fence}"
            )
        if change.release.revision != case.release.revision:
            self.complain(f"a change of revision {change.release.revision} overwrote a newer one")
        before, case.release = case.release, result
        if change.audit is None and _speaks(change, before, result):
            self.complain(
                f"{case.release.id} was changed to revision {result.revision} without an audit entry"
            )
        self._messages(change.messages)
        self._stage(case, before, change)
        self._journal(case, change.journal)
        self._slots(change.slots)
        self._actions(case, change)
        for identity in change.handled:
            self.answer(identity)
        if self.also is not None:
            self.also(life, case, before, change)
        self.look_at_customers()

    def _rearranged(
        self, slots: Sequence[Slot], _audit: AuditDraft, messages: Sequence[Message] = ()
    ) -> None:
        """Rows changed outside of every release."""
        if any(not case.release.final for case in self.cases.values()) and slots:
            self.complain("rows were rearranged while a release is under way")
        self._messages(messages)
        self._slots(slots)

    def _messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.id in self.messages:
                self.complain(f"message {message.id} was queued twice: {message.text}")
            self.messages.add(message.id)

    def _stage(self, case: Case, before: Release, change: Change) -> None:
        after = case.release
        if after.stage is before.stage:
            return
        if after.stage not in TRANSITIONS[before.stage]:
            self.complain(f"there is no way from {before.stage} to {after.stage}")
        if self.reached is not None:
            self.reached(after.stage)
        data = change.audit.data if change.audit else {}
        if (data.get("from"), data.get("to")) != (before.stage.value, after.stage.value):
            self.complain(f"{before.stage} became {after.stage} without its audit entry")
        if not change.messages:
            self.complain(f"{before.stage} became {after.stage} and nobody is told")
        if after.stage in WAITING and not after.reason:
            self.complain(f"it is {after.stage} without a reason")
        if after.stage is Stage.CANARY:
            case.came_to_canary = True
        if after.stage is Stage.ROLLING_BACK and case.taken_back is None:
            case.taken_back = self._now()
        if after.stage is Stage.VERIFYING_ROLLBACK and case.confirmed is None:
            case.confirmed = self._now()
        if after.stage is Stage.ROLLED_BACK and after.exposed and not case.confirmation_written:
            self.complain(
                "it was rolled back, and when customers were off it was never written down"
            )
        if after.stage is Stage.RELEASED and case.taken_back is not None:
            self.complain("it was released after it was taken back")

    def _actions(self, case: Case, change: Change) -> None:
        action = change.audit.action if change.audit else ""
        if action == "desk:release:promoted":
            case.promotions += 1
            if case.promotions > 1:
                self.complain("it was promoted twice")
            if case.taken_back is not None:
                self.complain("it was promoted after it was taken back")
        if action == "rollback:traffic:confirmed":
            case.confirmed = case.confirmed or self._now()
            case.confirmation_written = True

    def _journal(self, case: Case, entry: JournalEntry | None) -> None:
        if entry is None or entry.step in STEPS.values():
            return
        before = case.steps.get(entry.step)
        if entry.state is StepState.STARTED:
            case.begun[entry.step] = case.begun.get(entry.step, 0) + 1
            command = command_of(case.release.plan, entry.step)
            if before not in {None, StepState.PLANNED} and not command.repeatable:
                self.complain(
                    f"{entry.step} is not repeatable, was {before}, and was started again"
                )
            if before is StepState.DONE:
                self.complain(f"{entry.step} was done and was started again")
        if entry.state is StepState.PLANNED and case.retries == 0:
            self.complain(f"{entry.step} was planned again though nobody asked for it")
        case.steps[entry.step] = entry.state

    def _slots(self, slots: Sequence[Slot]) -> None:
        if not slots:
            return
        for slot in slots:
            self.rows[slot.environment, slot.name] = slot
        production = self._registration.plan.production.name
        total = sum(slot.share for (place, _), slot in self.rows.items() if place == production)
        if self._served and abs(total - 1) > 1e-6:
            previous = [case.release.previous for case in self.cases.values()]
            if None not in previous:
                self.complain(f"the rows of production add up to {total:g}: customers get nothing")
        self._served = self._served or abs(total - 1) < 1e-6

    def _before_apply(self, life: Life, layout: Layout) -> None:
        place = layout.environment
        environment = next(
            each for each in self._registration.plan.environments if each.name == place
        )
        rows = [slot for (where, _), slot in sorted(self.rows.items()) if where == place]
        wanted = {_serving(layout_of(self._registration, environment, rows))}
        if life.withdrawn:
            wanted.add(_serving(layout_of(self._registration, environment, rows, life.withdrawn)))
        if _serving(layout) in wanted:
            return
        if self.several or life.stale:
            return  # an old picture: the router takes it only while it has not followed a newer one
        self.complain(f"{place} was laid out as {_serving(layout)}, the rows say {wanted}")

    def _laid_out(self, life: Life, layout: Layout) -> None:
        """A router goes from picture to newer picture, whoever lays it out."""
        newest = self._pictures.get(layout.environment, 0)
        if layout.picture < newest:
            self.complain(
                f"{life.desk} laid {layout.environment} out after picture {layout.picture} of the rows,"
                f" while picture {newest} was followed already"
            )
        self._pictures[layout.environment] = max(newest, layout.picture)

    def _before_start(self, instance: Instance, fence: int | None) -> None:
        if instance.environment == PLACE or self._deployer.refuses(instance.id, fence):
            return
        if instance.id in self._adopted and instance.ground != ADOPTED:
            self.complain(f"{instance.id} was adopted, and was to be started")
        rows = self.rows.values()
        if not any(slot.instance == instance.id for slot in rows):
            self.complain(f"{instance.id} was started, and no row says so")

    def _before_stop(self, identity: str, fence: int | None) -> None:
        if identity in self._adopted:
            self.complain(f"{identity} was adopted, and was to be stopped")
        if self._deployer.refuses(identity, fence):
            return
        address = next(
            (slot.address for slot in self.rows.values() if slot.instance == identity), None
        )
        for layout in self._router.running():
            for target in layout.targets:
                if target.address == address and address is not None and target.share > 0:
                    self.complain(f"{identity} was stopped while customers were sent to it")

    def _before_run(self, job: Job) -> None:
        if job.environment == PLACE:
            return  # nothing of a fresh database outlives the rehearsal: it begins anew
        if job.name == "find-scripts":
            return  # it only looks
        for case in self.cases.values():
            if case.release.commit != job.commit or case.release.final:
                continue
            step = next((each for each in case.steps if each.replace("/", "-") == job.name), None)
            if step is None or case.steps[step] is not StepState.STARTED:
                self._unless_stale(f"{job.name} was run before it was written down")
                return
            case.ran[step] = case.ran.get(step, 0) + 1
            repeatable = command_of(case.release.plan, step).repeatable
            if not repeatable and case.ran[step] > 1 + case.retries:
                self.complain(f"{step} is not repeatable and was run {case.ran[step]} times")

    def _unless_stale(self, rule: str) -> None:
        if not self.several:
            self.complain(rule)

    def look_at_customers(self) -> None:
        """No customer is sent to a version that was taken back.

        Where customers go changes when a router is laid out, and what may be said of them when a change
        is stored: it is looked at after both.
        """
        back = [case for case in self.cases.values() if case.confirmed is not None]
        if not back:
            return
        production = self._registration.plan.production.name
        for layout in self._router.running():
            if layout.environment != production:
                continue
            serving = {target.address for target in layout.targets if target.share > 0}
            for case in back:
                identity = instance_id(case.release.id, production)
                if any(s.instance == identity and s.address in serving for s in self.rows.values()):
                    self.complain(f"customers are sent to {identity}, which was taken back")


def _speaks(change: Change, before: Release, after: Release) -> bool:
    """Whether a change is more than what the judge saw and remembers."""
    parts = change.slots or change.messages or change.handled or change.journal is not None
    return bool(parts) or replace(after, revision=before.revision) != before


def _serving(layout: Layout) -> tuple[tuple[str, str | None, float], ...]:
    """What customers notice of a layout."""
    return tuple(
        sorted(
            (target.slot, target.address, round(target.share, 6))
            for target in layout.targets
            if target.share > 0
        )
    )


def command_of(plan: Plan, step: str) -> Command:
    """The command that a step of the journal stands for. A build may always be repeated."""
    what, _, name = step.rpartition("/")
    if what == "deploy":
        ground = next(each.ground for each in plan.environments if each.name == name)
        assert isinstance(ground, Scripts)
        return Command("deploy", ground.deploy.line, repeatable=ground.repeatable)
    commands = [*plan.before, *plan.after]
    if plan.migrations is not None:
        commands.append(plan.migrations.upgrade)
    if name == "build":
        return Command("build", "", repeatable=True)
    return next(command for command in commands if command.name == name)
