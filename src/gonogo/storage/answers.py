"""Answers that are kept for requests sent again: a day of them, and not more than a number of rows."""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gonogo.domain.answer import KeptAnswer
from gonogo.storage.statements import Prepared
from gonogo.storage.tables import answers

MOST = 20_000
"""Rows that are kept; the oldest give way, so that no flood of keys fills the disk."""

_AT = Prepared(sa.select(answers).where(answers.c.place == sa.bindparam("of_place")))
_ADD = Prepared(sa.insert(answers))
_OLD = Prepared(sa.delete(answers).where(answers.c.at < sa.bindparam("since")))
_NEWEST = sa.select(sa.func.max(answers.c.number)).scalar_subquery()
_BEYOND = Prepared(
    sa.delete(answers).where(answers.c.number <= _NEWEST - sa.bindparam("most", type_=sa.Integer))
)
_OWN = sa.and_(
    answers.c.place == sa.bindparam("of_place"), answers.c.begun == sa.bindparam("of_begun")
)
_FINISH = Prepared(sa.update(answers).where(_OWN))
_FORGET = Prepared(sa.delete(answers).where(_OWN))


def begin(connection: sa.Connection, answer: KeptAnswer, since: datetime) -> KeptAnswer | None:
    """Take a place, or say what is kept there."""
    _OLD.run(connection, {"since": since})
    row = _AT.first(connection, {"of_place": answer.place})
    if row is not None:
        return _answer_of(row)
    _ADD.run(connection, {"place": answer.place, **_values(answer)})
    _BEYOND.run(connection, {"most": MOST})
    return None


def finish(connection: sa.Connection, answer: KeptAnswer) -> None:
    """Keep the answer of an attempt."""
    own = {"of_place": answer.place, "of_begun": answer.begun}
    _FINISH.run(connection, {**own, **_values(answer)})


def forget(connection: sa.Connection, place: str, begun: str) -> None:
    """Free the place of an attempt."""
    _FORGET.run(connection, {"of_place": place, "of_begun": begun})


def _values(answer: KeptAnswer) -> dict[str, Any]:
    return {
        "begun": answer.begun,
        "at": answer.at,
        "request": answer.request,
        "status": answer.status,
        "headers": json.dumps(answer.headers),
        "body": answer.body,
    }


def _answer_of(row: sa.Row[Any]) -> KeptAnswer:
    return KeptAnswer(
        place=row.place,
        begun=row.begun,
        at=row.at,
        request=row.request,
        status=row.status,
        headers=tuple((name, value) for name, value in json.loads(row.headers)),
        body=None if row.body is None else bytes(row.body),
    )
