"""What a page in several forms is made of: sections of tables, lists and paragraphs."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Cell:
    """One text. `struck`: it does not count any more; `code`: a name that keeps its own direction."""

    text: str
    struck: bool = False
    code: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below their headings."""

    kind: ClassVar[str] = "table"
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    kind: ClassVar[str] = "items"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; `written` is Markdown that a person wrote."""

    kind: ClassVar[str] = "prose"
    text: str
    written: bool = False


Block = Table | Items | Prose


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]
