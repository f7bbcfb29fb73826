"""SQL text cut into statements, with what its comments and its version stamps say.

The tokenizer of sqlglot decides what is a string, a comment or a statement's end, so a semicolon in
a string or in a dollar-quoted body ends nothing. A body between BEGIN and END of a trigger or routine
belongs to the statement that makes it. Comments are read for the marks that migration tools write:
which revision begins, where the downgrade begins, which operation cannot be shown as SQL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlglot import Token, TokenType
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import TokenError

from gonogo.evidence.format import unfit
from gonogo.evidence.migrations import dialect as dialects

PARSERS = {dialects.POSTGRESQL: "postgres", dialects.SQLITE: "sqlite", dialects.MYSQL: "mysql"}
"""What sqlglot calls a dialect; UNKNOWN is read as PostgreSQL, the strictest of them."""

_UPGRADE = re.compile(r"^\s*Running upgrade\s*(?P<before>.*?)\s*->\s*(?P<after>.+?)\s*$")
_UP = re.compile(r"^\s*(?:migrate:up|\+goose\s+Up|\+migrate\s+Up)\b", re.IGNORECASE)
_DOWN = re.compile(
    r"^\s*(?:Running downgrade\b|migrate:down\b|\+goose\s+Down\b|\+migrate\s+Down\b|//\s*@UNDO\b)",
    re.IGNORECASE,
)
_NOT_SQL = "THIS OPERATION CANNOT BE WRITTEN AS SQL"
_TITLE = re.compile(
    r"^\s*((?:Add|Alter|Change|Create|Custom|Delete|Move|Raw|Remove|Rename)\b[^\n]{1,300}?)\s*$"
)
_RUN = ("!", "M!")  # /*! … */ and /*M! … */, which MySQL and MariaDB run
_QUOTED = {
    TokenType.STRING,
    TokenType.IDENTIFIER,
    TokenType.HEREDOC_STRING,
    TokenType.RAW_STRING,
    TokenType.NATIONAL_STRING,
}
CONTROL = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"}
"""First words of what begins or ends a transaction."""
_ROUTINES = {"TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"}
_ENDED_BY_NAME = {"IF", "LOOP", "WHILE", "REPEAT"}


@dataclass(frozen=True)
class Statement:
    """One statement: its number from 1, its tokens, the whole text, and the operation it belongs to."""

    number: int
    tokens: tuple[Token, ...]
    script: str
    title: str
    parser: str

    @property
    def text(self) -> str:
        """As it is written, without its semicolon."""
        return self.script[self.tokens[0].start : self.tokens[-1].end + 1]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in capitals; strings and quoted names are "?"."""
        tokens = self.tokens
        if tokens[0].token_type is TokenType.COMMAND or len(tokens) == 2:
            # The tokenizer gives what follows such a word as one string; after another word it reads on.
            try:
                tokens = tuple(tokenize(f"x {self.text}", self.parser))[1:]
            except TokenError:
                return tuple(self.text.upper().split())
        return tuple("?" if token.token_type in _QUOTED else token.text.upper() for token in tokens)


@dataclass(frozen=True, slots=True)
class Mark:
    """What a comment says, and the number of the statement from which on it holds."""

    before: int
    comment: str


@dataclass(frozen=True, slots=True)
class Script:
    """All of it. `statements` are those that count: not the downgrade's, which `left_out` counts.

    `hidden` are the places where a tool says, or a comment shows, that something runs which is not
    written here as SQL; `revisions` are those that begin here, in order, the last of them at statement
    `last_begins` (0: none).
    """

    dialect: str
    parser: str
    statements: tuple[Statement, ...]
    revisions: tuple[str, ...]
    last_begins: int
    hidden: tuple[Mark, ...]
    left_out: int


def tokenize(text: str, parser: str) -> list[Token]:
    """Raises TokenError when a string, a quoted name or a comment never ends."""
    return list(Dialect.get_or_raise(parser).tokenize(text))


def cut(text: str, dialect: str, name: str) -> Script:
    """The statements of a script that messages call `name`. Raises InvalidInput when it breaks off."""
    parser = PARSERS.get(dialect, "postgres")
    try:
        tokens = tokenize(text, parser)
    except TokenError as error:
        raise unfit(
            name,
            f"a string, a quoted name or a comment in it never ends (read as {dialect} SQL)",
            hint="was the file cut off?",
        ) from error
    pieces = tuple(_pieces(tokens))
    marks = tuple(_marks(pieces))
    directions: dict[int, bool] = {}
    titles: dict[int, str] = {}
    revisions: dict[int, list[str]] = {}
    for mark in marks:
        if _DOWN.match(mark.comment):
            directions[mark.before] = True
        elif upgrade := _UPGRADE.match(mark.comment):
            directions[mark.before] = False
            revisions.setdefault(mark.before, []).append(upgrade["after"][:200])
        elif _UP.match(mark.comment):
            directions[mark.before] = False
        elif title := _TITLE.match(mark.comment):
            titles[mark.before] = title[1]
    statements, down, title_now = [], False, ""
    for number, piece in enumerate(pieces, start=1):
        down = directions.get(number, down)
        title_now = titles.get(number, title_now)
        if not down or _ends_or_begins(piece):
            statements.append(Statement(number, tuple(piece.tokens), text, title_now, parser))
    return Script(
        dialect,
        parser,
        tuple(statements),
        tuple(each for found in revisions.values() for each in found),
        max(revisions, default=0),
        tuple(mark for mark in marks if _NOT_SQL in mark.comment or mark.comment.startswith(_RUN)),
        len(pieces) - len(statements),
    )


def _ends_or_begins(piece: "_Piece") -> bool:
    """Is it BEGIN or COMMIT, which hold together what stands on both sides of them?"""
    return len(piece.tokens) <= 3 and piece.tokens[0].text.upper() in CONTROL


@dataclass(slots=True)
class _Piece:
    """A statement's tokens, comments on empty statements before it, and those on its semicolon."""

    tokens: list[Token]
    before: list[str]
    after: list[str]


def _pieces(tokens: list[Token]) -> Iterator[_Piece]:
    """One for each statement that is not empty."""
    piece: list[Token] = []
    before: list[str] = []
    depth = 0
    for place, token in enumerate(tokens):
        if token.token_type is not TokenType.SEMICOLON or depth > 0:
            piece.append(token)
            if piece[0].token_type is TokenType.CREATE:
                follower = tokens[place + 1].text.upper() if place + 1 < len(tokens) else ""
                depth = _depth(piece, depth, follower)
        elif piece:
            yield _Piece(piece, before, token.comments)
            piece, before = [], []
        else:
            before += token.comments
    if piece:
        yield _Piece(piece, before, [])


def _depth(piece: list[Token], depth: int, follower: str) -> int:
    """How many BEGIN or CASE are open in the body of a routine that is being made."""
    token = piece[-1]
    if token.token_type in _QUOTED:
        return depth
    word = token.text.upper()
    if word == "END":
        return depth if follower in _ENDED_BY_NAME else max(0, depth - 1)
    if word == "BEGIN" or (word == "CASE" and depth and piece[-2].text.upper() != "END"):
        head = {each.text.upper() for each in piece[1:8]}
        return depth + 1 if head & _ROUTINES else depth
    return depth


def _marks(pieces: tuple[_Piece, ...]) -> Iterator[Mark]:
    """Comments in front of a statement count from it on, the others from the statement after."""
    for number, piece in enumerate(pieces, start=1):
        for comment in piece.before:
            yield Mark(number, comment)
        for place, token in enumerate(piece.tokens):
            for comment in token.comments:
                yield Mark(number if place == 0 else number + 1, comment)
        for comment in piece.after:
            yield Mark(number + 1, comment)
