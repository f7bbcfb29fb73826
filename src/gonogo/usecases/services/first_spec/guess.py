"""What is guessed about a service, and from where."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Topic(StrEnum):
    """What a first spec needs to know."""

    NAME = "service"
    BUILD = "build"
    RUN = "run"
    HEALTH = "health"
    PORT = "port"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    DATABASE = "database_url"
    VARIABLE = "env"
    TESTS = "tests"
    COVERAGE = "coverage"


class Strength(IntEnum):
    """How much stands behind a guess; the lower number is taken first."""

    SAID = 0
    """A file says it in so many words."""
    LIKELY = 1
    """It is the usual thing for files like these."""
    WEAK = 2
    """Something to begin with."""


@dataclass(frozen=True, slots=True)
class Guess:
    """One value for one topic.

    `path` is from the top of the repository; `line` counts from 1, None where the file as a whole says
    it; `what` names the thing in it, as in scripts.start.
    """

    topic: Topic
    value: str
    path: str
    what: str
    line: int | None = None
    strength: Strength = Strength.LIKELY

    @property
    def origin(self) -> str:
        """Where it is from, for people."""
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be guessed, and what to do about it, in one sentence."""

    topic: Topic
    sentence: str
