"""Where an order is: the events of its way to the customer."""

from datetime import datetime

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, String, Table, insert, select

from orders.access import SignedIn, TheDatabase
from orders.answers import as_json
from orders.messages import Order
from orders.tables import UtcDateTime, metadata, orders

router = APIRouter(tags=["tracking"])

RECENT = 20

events = Table(
    "tracking",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("courier", String(80), nullable=True),
    Column("status", String(20), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("tracking_order_id", "order_id"),
)


class Event(BaseModel):
    """One step on an order's way."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    order_id: int
    courier: str | None
    status: str
    at: datetime


class Events(BaseModel):
    """Some events."""

    events: list[Event]


def record(connection: Connection, order: Order) -> None:
    """Write down that an order was taken and who carries it, if that is known yet."""
    event = {"order_id": order.id, "courier": order.courier, "at": order.created_at}
    status = "assigned" if order.courier else "unassigned"
    connection.execute(insert(events).values(event | {"status": status}))


@router.get("/orders/tracking", response_model=Events)
def recent_events(_user: SignedIn, database: TheDatabase) -> Response:
    """What happened last, to any order, newest first."""
    newest = select(events).order_by(events.c.id.desc()).limit(RECENT)
    with database.reading() as connection:
        rows = connection.execute(newest).all()
    return as_json(Events(events=[Event.model_validate(row) for row in rows]))


@router.get("/orders/{order_id:int}/tracking", response_model=Events)
def order_events(order_id: int, _user: SignedIn, database: TheDatabase) -> Response:
    """One order's way so far; orders from before there was tracking have no events."""
    of_order = select(events).where(events.c.order_id == order_id).order_by(events.c.id)
    with database.reading() as connection:
        rows = connection.execute(of_order).all()
        known = rows or connection.execute(select(orders.c.id).where(orders.c.id == order_id)).all()
    if not known:
        raise HTTPException(404, f"there is no order {order_id}")
    return as_json(Events(events=[Event.model_validate(row) for row in rows]))
