"""What is wrong with a spec file, and where."""

from dataclasses import dataclass

from gonogo.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the file: line and column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, as one sentence on one line, without its place."""

    mark: Mark
    message: str

    def __post_init__(self) -> None:
        line = "".join(sign if sign.isprintable() else " " for sign in self.message)
        object.__setattr__(self, "message", line)


@dataclass(frozen=True, slots=True)
class Document:
    """A kind of file that people write: its name, its usual first line, and where it is explained."""

    name: str
    begins: str
    guide: str


SPEC = Document(
    "spec",
    "service: NAME",
    "docs/spec.md explains every key; `gonogo schema` prints the schema for your editor",
)


class SpecError(InvalidInput):
    """A spec, or another file that is read alike, that cannot be used; nothing was changed.

    `str(error)` is the first problem by position as `file:line:column: sentence`; `problems` has all
    of them in that order.
    """

    def __init__(self, file: str, problems: tuple[Problem, ...], document: Document = SPEC) -> None:
        first, *others = self.problems = tuple(sorted(set(problems)))
        self.file, self.document = file, document
        self.line, self.column = first.mark.line, first.mark.column
        more = f" (and {len(others)} more)" if others else ""
        super().__init__(
            f"{file}:{self.line}:{self.column}: {first.message}{more}", hint=document.guide
        )

    def __reduce__(self) -> tuple[type["SpecError"], tuple[str, tuple[Problem, ...], Document]]:
        return type(self), (self.file, self.problems, self.document)

    def sentences(self) -> tuple[str, ...]:
        """Every problem as `file:line:column: sentence`, by position."""
        return tuple(
            f"{self.file}:{problem.mark.line}:{problem.mark.column}: {problem.message}"
            for problem in self.problems
        )
