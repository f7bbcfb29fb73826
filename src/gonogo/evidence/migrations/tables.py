"""What the statements so far have said of tables: which are new here, and which columns they have."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from sqlglot import exp

from gonogo.domain.facts import Hazard
from gonogo.evidence.migrations import dialect as dialects

_SHOWN = 80
_DEFAULT_SCHEMAS = {"public", "main"}
SERIAL = (exp.DType.SERIAL, exp.DType.BIGSERIAL, exp.DType.SMALLSERIAL)
_FILLS_ITSELF = (
    exp.ComputedColumnConstraint,
    exp.GeneratedAsIdentityColumnConstraint,
    exp.GeneratedAsRowColumnConstraint,
    exp.AutoIncrementColumnConstraint,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One danger of a statement."""

    hazard: Hazard
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class ColumnShape:
    """What a column's definition says. `default`: it fills itself where an INSERT does not name it."""

    name: str
    type: str
    not_null: bool
    default: bool

    @property
    def filled(self) -> bool:
        """Does an INSERT succeed that does not name it?"""
        return self.default or not self.not_null


@dataclass(slots=True)
class Tables:
    """The state that rules look at; names are keys from `key`.

    `made` are tables of this SQL: True when they cannot have existed before, False behind IF NOT EXISTS.
    `shapes` are the columns of tables whose whole definition was seen. `added` are columns that this
    SQL added to tables that are not its own, `defaults` those that it gave a default. `remade` are
    views, functions and the like that it makes: (kind, name).
    """

    dialect: str
    in_transaction: bool = False
    made: dict[str, bool] = field(default_factory=dict)
    shapes: dict[str, dict[str, ColumnShape]] = field(default_factory=dict)
    added: dict[tuple[str, str], ColumnShape] = field(default_factory=dict)
    defaults: set[tuple[str, str]] = field(default_factory=set)
    indexes: set[str] = field(default_factory=set)
    remade: frozenset[tuple[str, str]] = frozenset()

    @property
    def strict(self) -> bool:
        """Do PostgreSQL's rules of locking hold? An unknown database is taken for one."""
        return self.dialect in {dialects.POSTGRESQL, dialects.UNKNOWN}

    def key(self, table: exp.Expression) -> str:
        """A name under which a table is known however it is quoted."""
        parts = [part for part in _parts(table) if part.name]
        names = [self.column_key(part) for part in parts]
        if len(names) > 1 and names[0] in _DEFAULT_SCHEMAS:
            names = names[1:]
        return ".".join(names)

    def column_key(self, column: exp.Expression) -> str:
        """A name under which a column is known; capitals in quotes count in PostgreSQL alone."""
        quoted = bool(column.args.get("quoted"))
        return column.name if quoted and self.strict else column.name.casefold()

    def is_new(self, table: str) -> bool:
        """Is it certain that the table did not exist before?"""
        return self.made.get(table, False)

    def is_own(self, table: str) -> bool:
        """Was it made here, or made unless it was there? Then nobody is likely to wait for it."""
        return table in self.made

    def forget(self, table: str) -> None:
        """The table is gone."""
        self.made.pop(table, None)
        self.shapes.pop(table, None)


def _parts(table: exp.Expression) -> list[exp.Expression]:
    if isinstance(table, exp.Table):
        return [part for part in (table.args.get("db"), table.args.get("this")) if part is not None]
    return [table]


def shown(table: exp.Expression) -> str:
    """A name for people: without quotes, of bounded length."""
    if isinstance(table, exp.Column):
        return fit(table.name)
    return fit(".".join(part.name for part in _parts(table) if part.name))


def fit(name: str) -> str:
    """A name or a few words, fit to be shown."""
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def shape(definition: exp.ColumnDef) -> ColumnShape:
    """What a column's definition says."""
    kind = definition.args.get("kind")
    not_null = default = False
    for constraint in kinds_of(definition):
        if isinstance(constraint, exp.NotNullColumnConstraint):
            not_null = not constraint.args.get("allow_null")
        elif isinstance(constraint, exp.PrimaryKeyColumnConstraint):
            not_null = True
        elif isinstance(constraint, exp.DefaultColumnConstraint):
            default = not isinstance(constraint.this, exp.Null)
        elif isinstance(constraint, _FILLS_ITSELF):
            default = True
    if isinstance(kind, exp.DataType) and kind.is_type(*SERIAL):
        default = True
    return ColumnShape(
        definition.name,
        kind.sql() if isinstance(kind, exp.DataType) else "",
        not_null,
        default,
    )


def kinds_of(definition: exp.ColumnDef) -> Iterator[exp.Expression]:
    """The constraints in a column's definition."""
    for constraint in definition.args.get("constraints") or ():
        if isinstance(constraint, exp.ColumnConstraint) and constraint.args.get("kind") is not None:
            yield constraint.args["kind"]


def shapes(tables: Tables, schema: exp.Schema) -> dict[str, ColumnShape]:
    """The columns that a CREATE TABLE lists."""
    found = {
        tables.column_key(each.this): shape(each)
        for each in schema.expressions
        if isinstance(each, exp.ColumnDef)
    }
    for each in schema.expressions:
        if isinstance(each, exp.PrimaryKey):
            for column in each.expressions:
                _make_key(found, tables.column_key(column))
    return found


def _make_key(found: dict[str, ColumnShape], column: str) -> None:
    known = found.get(column)
    if known is not None:
        found[column] = replace(known, not_null=True)
