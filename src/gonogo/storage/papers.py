"""What was filed about services and their versions: rows are added and never changed."""

from datetime import UTC, datetime
from functools import cache, lru_cache

import sqlalchemy as sa

from gonogo.domain.audit import AuditDraft
from gonogo.domain.paper import Paper, PaperKind
from gonogo.storage import chain
from gonogo.storage.codec import pack, unpack
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import papers

_SHORT = 2_000
"""Bytes, packed."""

_KNOWN = Prepared(sa.select(papers.c.id).where(papers.c.id == sa.bindparam("of_id")))
_ADD = Prepared(sa.insert(papers))
_ONE = Prepared(sa.select(papers.c.paper).where(papers.c.id == sa.bindparam("of_id")))
_IN_ORDER = (
    sa.select(papers.c.paper)
    .where(papers.c.service == sa.bindparam("of_service"))
    .order_by(papers.c.number)
)
_OF_SERVICE = Prepared(_IN_ORDER.where(papers.c.commit.is_(None)))
_OF_VERSION = Prepared(
    _IN_ORDER.where(sa.or_(papers.c.commit.is_(None), papers.c.commit == sa.bindparam("of_commit")))
)


def file(
    connection: sa.Connection, filed: tuple[Paper, ...], audit: AuditDraft, now: datetime
) -> None:
    """Store papers with their audit entry; those whose id is known are left as they are.

    When all of them are known nothing is written at all. Raises ValueError for a time without a zone.
    """
    new = [paper for paper in filed if _KNOWN.first(connection, {"of_id": paper.id}) is None]
    if not new:
        return
    for paper in new:
        values = {
            "id": paper.id,
            "service": paper.service,
            "commit": paper.commit,
            "kind": paper.kind.value,
            "at": paper.at.astimezone(UTC) if paper.at.tzinfo else paper.at,
            "actor": paper.actor,
            "paper": pack(paper),
        }
        _ADD.run(connection, values)
    chain.append(connection, audit, now)


def find(connection: sa.Connection, service: str, commit: str | None) -> tuple[Paper, ...]:
    """Papers of the service as a whole and of one commit, in the order they were filed."""
    given = {"of_service": service}
    if commit is None:
        rows = _OF_SERVICE.all(connection, given)
    else:
        rows = _OF_VERSION.all(connection, {**given, "of_commit": commit})
    return tuple(_paper_of(row.paper) for row in rows)


def _paper_of(packed: bytes) -> Paper:
    """The paper that these bytes hold; a long report is not kept in memory for those who read it next."""
    return _short(packed) if len(packed) <= _SHORT else unpack(Paper, packed)


@lru_cache(maxsize=256)
def _short(packed: bytes) -> Paper:
    """Papers are frozen, so that all who read the same bytes may share one."""
    return unpack(Paper, packed)


def find_one(connection: sa.Connection, paper_id: str) -> Paper | None:
    """One paper."""
    row = _ONE.first(connection, {"of_id": paper_id})
    return None if row is None else _paper_of(row.paper)


def newest(
    connection: sa.Connection,
    service: str,
    *,
    commit: str | None,
    kind: PaperKind | None,
    before: str | None,
    limit: int,
) -> tuple[Paper, ...]:
    """Papers of a service, the last filed first; with `before` only those filed before that one."""
    given = {"commit": commit, "kind": None if kind is None else kind.value, "before": before}
    given = {name: value for name, value in given.items() if value is not None}
    query = _newest(frozenset(given))
    rows = query.all(connection, {**given, "of_service": service, "most": limit})
    return tuple(_paper_of(row.paper) for row in rows)


@cache
def _newest(given: frozenset[str]) -> Prepared:
    columns, other = papers.c, papers.alias("other")
    place = sa.select(other.c.number).where(other.c.id == sa.bindparam("before")).scalar_subquery()
    conditions = {
        "commit": columns.commit == sa.bindparam("commit"),
        "kind": columns.kind == sa.bindparam("kind"),
        "before": columns.number < place,
    }
    wanted = (conditions[name] for name in sorted(given))
    query = sa.select(columns.paper).where(columns.service == sa.bindparam("of_service"), *wanted)
    most: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)
    return Prepared(query.order_by(columns.number.desc()).limit(most))
