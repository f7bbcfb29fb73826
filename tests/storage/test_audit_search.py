"""Entries are found by who did what, however long the chain has grown."""

import itertools

import pytest
import sqlalchemy as sa
from tests.storage.samples import NOON

from gonogo.domain.audit import AuditDraft, AuditEntry, AuditSearch
from gonogo.storage import statements
from gonogo.storage.engine import reading
from gonogo.storage.store import SqlStore
from gonogo.storage.tables import audit

ACTORS = ("judge", "quinn", "olga")
ACTIONS = ("judge:release:fail", "person:release:pause", "person:release:abort", "Person:note:make")
LENGTH = 100_000


def _fits(entry: AuditEntry, search: AuditSearch) -> bool:
    beyond = search.beyond
    return (
        search.subject in {None, entry.subject}
        and search.actor in {None, entry.actor}
        and entry.action.startswith(search.action or "")
        and (
            beyond is None
            or (entry.sequence < beyond if search.newest_first else entry.sequence > beyond)
        )
    )


async def test_every_search_finds_what_fits_and_nothing_else(store: SqlStore):
    entries = [
        await store.append(AuditDraft(ACTORS[number % 3], ACTIONS[number % 4], f"r{number % 5}"))
        for number in range(40)
    ]
    searches = itertools.product(
        (None, "r2"),
        (None, "quinn", "nobody"),
        (None, "person:", "person:release:abort", "p", "%", "zz"),
        (True, False),
        (None, 17),
        (5, 100),
    )
    for subject, actor, action, newest_first, beyond, limit in searches:
        search = AuditSearch(subject, actor, action, newest_first, beyond, limit)
        found = [entry for entry in entries if _fits(entry, search)]
        ordered = found[::-1] if newest_first else found
        assert await store.search(search) == tuple(ordered[:limit]), search


SEARCHES = (
    AuditSearch(actor="nobody"),
    AuditSearch(actor="quinn"),
    AuditSearch(actor="rare"),
    AuditSearch(action="person:"),
    AuditSearch(action="rare:"),
    AuditSearch(action="zz"),
    AuditSearch(actor="quinn", action="rare:"),
    AuditSearch(actor="quinn", action="person:release:abort", beyond=50_000),
    AuditSearch(actor="judge", action="person:", newest_first=False, beyond=50_000),
    AuditSearch(subject="r77"),
    AuditSearch(beyond=50_000),
)


def _fill(store: SqlStore) -> None:
    """A long history. Whether its digests hold is nothing to the search, and takes long."""

    def row(number: int) -> dict[str, object]:
        rare = number == 77
        return {
            "sequence": number,
            "at": NOON,
            "actor": "rare" if rare else ACTORS[number % 7 % 3],
            "action": "rare:note:make" if rare else ACTIONS[number % 11 % 4],
            "subject": f"r{number // 50}",
            "data": '{"reason": "' + "x" * 200 + '"}',
            "previous": "0" * 64,
            "digest": "1" * 64,
        }

    with store._engine.begin() as connection:
        connection.execute(sa.insert(audit), [row(number) for number in range(1, LENGTH + 1)])
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("ANALYZE audit")


@pytest.mark.slow
async def test_in_a_long_chain_every_search_goes_by_an_index(store: SqlStore, monkeypatch):
    _fill(store)
    ran: dict[str, object] = {}

    def noting(execute):
        def noted(self, connection, given):
            if "audit" in self._text:
                values = self._values(given)
                on_sqlite = connection.dialect.name == "sqlite"
                ran[self._text] = (
                    tuple(values) if on_sqlite else dict(zip(self._names, values, strict=True))
                )
            return execute(self, connection, given)

        return noted

    for kind in (statements._OnSqlite, statements._OnPostgresql):
        monkeypatch.setattr(kind, "_execute", noting(kind._execute))
    for search in SEARCHES:
        await store.search(search)
    assert ran
    explain = "EXPLAIN QUERY PLAN " if store._engine.dialect.name == "sqlite" else "EXPLAIN "
    with reading(store._engine).connect() as connection:
        for statement, given in ran.items():
            plan = connection.exec_driver_sql(explain + statement, given).all()
            steps = [str(row[-1]).strip(" ->") for row in plan]
            whole = [each for each in steps if each.startswith(("SCAN audit", "Seq Scan on audit"))]
            assert whole == [], statement
            assert any(_goes_by_an_index(each) for each in steps), steps


def _goes_by_an_index(step: str) -> bool:
    return any(name in step for name in ("audit_of_", "audit_key", "PRIMARY KEY"))
