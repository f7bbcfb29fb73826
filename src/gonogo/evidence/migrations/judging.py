"""A script's statements in their order, and the dangers in them.

Every statement is one of four: known by its words, parsed and judged by its kind, code whose effect
cannot be seen, or not understood. The last two count as unread, and are looked through for loss of data.
What happens to a table that the same SQL makes harms nobody.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel

from gonogo.domain.facts import Hazard, Operation
from gonogo.evidence.migrations import commands
from gonogo.evidence.migrations.alterations import judge_alteration
from gonogo.evidence.migrations.by_kind import drops, judge_kind
from gonogo.evidence.migrations.rebuild import Rebuilds
from gonogo.evidence.migrations.script import Script, Statement
from gonogo.evidence.migrations.tables import Finding, Tables, shown

LONGEST = 20_000
"""Tokens of the longest statement that is parsed."""

_PARSED = {
    "ALTER", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "MERGE", "SELECT", "TRUNCATE", "UPDATE",
    "VALUES", "WITH",
}  # fmt: skip
_TAKING = {TokenType.DELETE, TokenType.UPDATE, TokenType.DROP, TokenType.TRUNCATE, TokenType.WITH}
_REMADE = re.compile(
    r"CREATE (?:OR REPLACE )?(?:TEMP |TEMPORARY |RECURSIVE |CONSTRAINT |MATERIALIZED )*"
    r"(VIEW|FUNCTION|PROCEDURE|TRIGGER|TYPE|SEQUENCE) (?:IF NOT EXISTS )?"
)


@dataclass(slots=True)
class Judged:
    """The outcome: operations in order of their statements, and how many were not understood."""

    operations: list[Operation] = field(default_factory=list)
    unread: int = 0
    in_transaction: bool = False


def judge(script: Script) -> Judged:
    """What the statements of a script bring."""
    # The parser logs a warning for each statement that it leaves unparsed; they are counted instead.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    run = _Run(script)
    for statement in script.statements:
        run.take(statement)
    return run.end()


class _Run:
    """One way through a script."""

    def __init__(self, script: Script) -> None:
        self._parser = Dialect.get_or_raise(script.parser).parser(error_level=ErrorLevel.IMMEDIATE)
        self._tables = Tables(script.dialect, remade=frozenset(_remade(script.statements)))
        self._rebuilds = Rebuilds()
        self._judged = Judged()
        self._hidden = len(script.hidden)
        self._unread: set[int] = set()
        for mark in script.hidden:
            self._add(mark.before, commands.loss_in_text(mark.comment))

    def take(self, statement: Statement) -> None:
        begins = commands.transaction(statement)
        if begins is not None:
            self._tables.in_transaction = begins
        elif commands.runs_code(statement):
            self._not_read(statement)
        elif not commands.defines_code(statement):
            for piece in _actions(statement):
                self._piece(piece)

    def end(self) -> Judged:
        for number, name in self._rebuilds.left():
            self._add(number, [drops("table", name)])
        self._judged.operations.sort(key=lambda operation: operation.statement)
        self._judged.unread = len(self._unread) + self._hidden
        self._judged.in_transaction = self._tables.in_transaction
        return self._judged

    def _piece(self, statement: Statement) -> None:
        found: Iterable[Finding] | None = None
        if _only_adds(statement):
            found = []
        elif statement.words[0] in _PARSED and len(statement.tokens) <= LONGEST:
            found = self._parsed(statement)
        if found is None:
            found = commands.known_by_words(statement, self._tables)
        if found is None:
            self._not_read(statement)
        else:
            self._add(statement.number, found)

    def _parsed(self, statement: Statement) -> list[Finding] | None:
        """What the parser and the rules of its kind find; None when it is not understood."""
        try:
            trees = self._parser.parse(list(statement.tokens), statement.script)
            tree = trees[0] if len(trees) == 1 else None
            if not isinstance(tree, exp.Expression):
                return None
            found = self._by_tree(tree, statement)
            return None if found is None else list(found)
        except Exception:  # noqa: BLE001  foreign text fails in many ways, and some trees lack parts
            return None

    def _by_tree(self, tree: exp.Expression, statement: Statement) -> Iterable[Finding] | None:
        tables = self._tables
        if isinstance(tree, exp.Insert):
            self._rebuilds.insert(tree, tables)
        elif isinstance(tree, exp.Drop) and str(tree.args.get("kind")).upper() == "TABLE":
            dropped = tree.args.get("tables") or []
            if len(dropped) == 1 and self._rebuilds.drop(dropped[0], statement.number, tables):
                return []
        elif isinstance(tree, exp.Alter):
            return self._by_alteration(tree, statement)
        return judge_kind(tree, tables)

    def _by_alteration(self, tree: exp.Alter, statement: Statement) -> Iterable[Finding] | None:
        kind = str(tree.args.get("kind") or "").upper()
        actions = tree.args.get("actions") or []
        renamed = isinstance(actions[0], exp.AlterRename) if actions else False
        if kind == "VIEW" and renamed:
            advice = "the version before does not know the new name: keep the old one beside it"
            return [Finding(Hazard.BREAKING, f"renames view {shown(tree.this)}", advice)]
        if kind != "TABLE":
            return None
        if renamed and not tree.args.get("options"):
            rebuilt = self._rebuilds.finish(
                tree.this, actions[0].this, statement.title, self._tables
            )
            if rebuilt is not None:
                if not rebuilt.understood:
                    self._unread.add(statement.number)
                return rebuilt.findings
        return judge_alteration(tree, self._tables)

    def _not_read(self, statement: Statement) -> None:
        self._unread.add(statement.number)
        self._add(statement.number, commands.loss_in(statement))

    def _add(self, number: int, found: Iterable[Finding]) -> None:
        self._judged.operations += [
            Operation(each.hazard, each.what, number, each.advice) for each in found
        ]


def _only_adds(statement: Statement) -> bool:
    """Is it an INSERT too long to be parsed, with nothing in it that takes away?"""
    if len(statement.tokens) <= LONGEST or statement.tokens[0].token_type is not TokenType.INSERT:
        return False
    return not any(token.token_type in _TAKING for token in statement.tokens)


def _remade(statements: tuple[Statement, ...]) -> Iterator[tuple[str, str]]:
    """Kind and name of what the script makes that one may also drop first."""
    for statement in statements:
        if statement.tokens[0].token_type is not TokenType.CREATE:
            continue
        match = _REMADE.match(" ".join(statement.words[:10]) + " ")
        if match:
            place = match[0].count(" ")
            names = statement.tokens[place : place + 3]
            dotted = len(names) > 2 and names[1].token_type is TokenType.DOT
            if names:
                yield match[1], names[2 if dotted else 0].text.casefold()


def _actions(statement: Statement) -> Iterator[Statement]:
    """An ALTER TABLE of several actions as one for each, which the parser understands more often."""
    tokens = statement.tokens
    if tokens[0].token_type is not TokenType.ALTER or len(tokens) > LONGEST:
        yield statement
        return
    commas = list(_commas(tokens))
    head = _head(statement)
    if not commas or head is None:
        yield statement
        return
    starts = [head, *(comma + 1 for comma in commas)]
    for start, stop in zip(starts, [*commas, len(tokens)], strict=True):
        if start < stop:
            yield replace(statement, tokens=(*tokens[:head], *tokens[start:stop]))


def _commas(tokens: tuple[Token, ...]) -> Iterator[int]:
    """Where commas stand outside of any brackets."""
    depth = 0
    for place, token in enumerate(tokens):
        if token.token_type in {TokenType.L_PAREN, TokenType.L_BRACKET}:
            depth += 1
        elif token.token_type in {TokenType.R_PAREN, TokenType.R_BRACKET}:
            depth -= 1
        elif token.token_type is TokenType.COMMA and depth == 0:
            yield place


def _head(statement: Statement) -> int | None:
    """How many tokens `ALTER TABLE [IF EXISTS] [ONLY] name` takes; None for another ALTER."""
    words = statement.words
    if words[:2] != ("ALTER", "TABLE"):
        return None
    place = 4 if words[2:4] == ("IF", "EXISTS") else 2
    place += words[place : place + 1] == ("ONLY",)
    place += 1
    while words[place : place + 1] == (".",):
        place += 2
    return place
