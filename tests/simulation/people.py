"""People who press buttons, at the worst moment or when something waits for them."""

from collections import Counter
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from tests.simulation.filing import Filers
from tests.simulation.gatekeeper import Gatekeeper
from tests.simulation.ground import Ground
from tests.simulation.mishaps import Mishaps

from gonogo.domain.actor import Actor, Role
from gonogo.domain.errors import Conflict, NotFound
from gonogo.domain.release import WAITING, InstructionKind, Release, Stage, VerifiedLine
from gonogo.usecases.context import Context
from gonogo.usecases.releases.verification import WORDS, tell

QA = Actor("qa", frozenset({Role.OWNER, Role.QA}))

_LONGEST_WORD = 60.0
"""Virtual seconds in which a person's word must be answered when nothing is wrong."""

_IMPATIENCE = 0.02
"""How often whoever looks at a release that lacks something says a word instead of waiting."""

_WHIMS = 12
"""How often the same is said at the same stage: nobody resumes what does harm for ever."""

_QUIET = 30.0
"""Virtual seconds without a mishap after which a release that waits for people goes on waiting."""


class People:
    """Everybody who has a word to say about the newest release of a run."""

    def __init__(
        self,
        ground: Ground,
        context: Context,
        gatekeeper: Gatekeeper,
        mishaps: Mishaps,
        spawn: Callable[[Coroutine[Any, Any, Any]], None],
    ) -> None:
        self._ground = ground
        self._scenario = ground.scenario
        self._referee = ground.referee
        self._context = context
        self._gatekeeper = gatekeeper
        self._mishaps = mishaps
        self._spawn = spawn
        self._filers = Filers(ground, context, gatekeeper)
        self._random = Random(f"people {ground.scenario.seed}")
        self._whims: Counter[tuple[str, float, str]] = Counter()
        self._cares = 12
        self._backwards = 12
        self._next_care = 0.0
        self._began = 0.0

    def appoint(self) -> None:
        """Whatever is said at a time that was drawn, or a while after a stage was reached."""
        for at, word in self._scenario.words:
            self._mishaps.at(at, lambda word=word: self._spawn(self.say(word)))
        self._referee.reached = self._reached

    def begin(self, release: Release) -> None:
        """A release was started: what is filed about it comes at its time."""
        self._began = self._ground.loop.time()
        for filing in self._scenario.asked.filings:
            if not filing.after:
                self._mishaps.at(self._began + filing.delay, self._file, filing.what, release.id)

    def _reached(self, stage: Stage) -> None:
        now = self._ground.loop.time()
        for whim in self._scenario.whims:
            where, delay, word = whim
            if where == stage.value and self._whims[whim] < _WHIMS:
                self._whims[whim] += 1
                say = lambda word=word: self._spawn(self.say(word))  # noqa: E731
                self._mishaps.at(now + delay, say)
        for filing in self._scenario.asked.filings:
            if filing.after == stage.value:
                identity = self.newest().id
                self._mishaps.at(now + filing.delay, self._file, filing.what, identity)

    def _file(self, what: str, identity: str) -> None:
        release = self._referee.cases[identity].release
        deed = self._filers.deeds.get(what)
        if deed is None:
            self._spawn(self.say(what))
        elif not release.final:
            self._spawn(deed(release))

    def newest(self) -> Release:
        """The release that was started last."""
        return self._referee.newest.release

    async def say(self, word: str) -> bool:
        """A person says a word to the newest release; whether it was taken."""
        release = self.newest()
        kind, asked = InstructionKind(word), release.plan.verification
        lines: tuple[VerifiedLine, ...] = ()
        if asked is not None and kind in WORDS:
            passed = kind is InstructionKind.CONFIRM
            lines = tuple(VerifiedLine(name, passed) for name in asked.lines)
        try:
            await tell(
                self._context,
                QA,
                reference=release.id,
                kind=kind,
                reason="because",
                lines=lines,
            )
        except (Conflict, NotFound):
            return False
        for said in await self._ground.store.instructions(release.id):
            if said.id not in self._referee.words:
                self._referee.said(said, self._ground.loop.time())
        return True

    def nothing_follows(self) -> bool:
        """Whether nothing will change any more by itself."""
        release = self.newest()
        if release.final:
            return True
        if release.stage not in WAITING or self._referee.unanswered(release.id):
            return False
        if release.stage is Stage.HELD and self._expects_more():
            return False
        quiet = self._ground.loop.time() > self._mishaps.last + _QUIET
        return quiet and not (self._scenario.carer and self._cares > 0)

    async def look_in(self) -> None:
        """Somebody comes by: to decide about what waits, or to bring what is missing."""
        release = self.newest()
        if release.stage in WAITING or release.stage is Stage.VERIFYING_ROLLBACK:
            await self._care(release)
        if self._gatekeeper.waits_for_gates(self.newest()):
            await self._bring(self.newest())

    async def _care(self, release: Release) -> None:
        now = self._ground.loop.time()
        if not self._scenario.carer or now < self._next_care or self._cares <= 0:
            return
        if release.stage is Stage.VERIFYING_ROLLBACK:
            await self._confirm_rollback()
        if release.stage not in WAITING:
            return
        if self._referee.unanswered(release.id) or not self._despairs(release):
            return
        self._next_care = now + self._random.uniform(3, 15)
        self._cares -= 1
        words = ["resume", "retry", "resume", "retry", "roll_back", "abort"]
        if self._cares < 6:
            words = ["roll_back", "abort"] if self._cares % 3 else ["resume"]
        self._random.shuffle(words)
        for word in words:
            if await self.say(word):
                return

    async def _confirm_rollback(self) -> None:
        """Where the plan asks whether the version before is well, somebody says so after a while."""
        self._next_care = self._ground.loop.time() + self._random.uniform(3, 15)
        if self._random.random() < 0.5:
            await self.say("confirm")

    def _expects_more(self) -> bool:
        return self._ground.loop.time() < self._began + self._scenario.asked.gives_up_at

    def _despairs(self, release: Release) -> bool:
        """Whether a word is better than waiting for what the gates lack; whoever waits may try."""
        if release.stage is not Stage.HELD:
            return True
        if self._gatekeeper.lacks_nothing(release):
            return False
        return not self._expects_more() or self._random.random() < _IMPATIENCE

    async def _bring(self, release: Release) -> None:
        """Somebody brings what is missing, or ends at last what nobody brought anything for."""
        asked = self._scenario.asked
        since = self._ground.loop.time() - self._began
        if asked.complete_at is not None and since >= asked.complete_at:
            await self._filers.bring_what_is_missing(release)
        if since < asked.gives_up_at or release.stage is Stage.HELD:
            return
        if self._referee.unanswered(release.id) or self._backwards <= 0:
            return
        if not self._gatekeeper.lacks_nothing(release):
            self._backwards -= 1
            await self.say("roll_back")

    def look_at_words(self) -> None:
        """Every word is answered in time, unless something has gone wrong lately."""
        referee = self._referee
        for identity, (word, at) in list(referee.open_words.items()):
            if referee.cases[word.release].release.final:
                continue
            if self._ground.loop.time() - max(at, self._mishaps.last) > _LONGEST_WORD:
                referee.complain(f"nobody answered {word.kind.value} in {_LONGEST_WORD:g} s")
                referee.answer(identity)
