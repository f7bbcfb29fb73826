"""Looking at orders."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from sqlalchemy import func, select

from orders.access import SignedIn, TheDatabase
from orders.answers import as_json
from orders.messages import Dashboard, Order, OrderPage
from orders.tables import orders

router = APIRouter(tags=["orders"])

_COLUMNS = (
    orders.c.id,
    orders.c.customer_name,
    orders.c["items"],
    orders.c.carrier.label("courier"),
    orders.c.status,
    orders.c.created_at,
)


@router.get("/orders", response_model=OrderPage)
def list_orders(
    _user: SignedIn,
    database: TheDatabase,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: int | None = None,
) -> Response:
    """The newest orders first; `before` is the `next_before` of the page above."""
    wanted = select(*_COLUMNS).order_by(orders.c.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(orders.c.id < before)
    with database.reading() as connection:
        rows = connection.execute(wanted).all()
    page = OrderPage(
        orders=[Order.model_validate(row) for row in rows],
        next_before=rows[-1].id if len(rows) == limit else None,
    )
    return as_json(page)


# ":int" so that a word in this place is an address of its own and not a malformed number.
@router.get("/orders/{order_id:int}", response_model=Order)
def read_order(order_id: int, _user: SignedIn, database: TheDatabase) -> Response:
    """One order."""
    with database.reading() as connection:
        row = connection.execute(select(*_COLUMNS).where(orders.c.id == order_id)).first()
    if row is None:
        raise HTTPException(404, f"there is no order {order_id}")
    return as_json(Order.model_validate(row))


@router.get("/dashboard", response_model=Dashboard)
def dashboard(_user: SignedIn, database: TheDatabase) -> Response:
    """How many orders there are, and where they stand."""
    counts = select(
        orders.c.status, func.count().label("orders"), func.count(orders.c.carrier).label("carried")
    ).group_by(orders.c.status)
    with database.reading() as connection:
        rows = connection.execute(counts).all()
    total = sum(row.orders for row in rows)
    counted = Dashboard(
        orders=total,
        by_status={row.status: row.orders for row in rows},
        without_courier=total - sum(row.carried for row in rows),
    )
    return as_json(counted)
