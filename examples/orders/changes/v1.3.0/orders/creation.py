"""Taking an order."""

from datetime import UTC, datetime

from fastapi import APIRouter, Response
from sqlalchemy import insert

from orders import tracking
from orders.access import SignedIn, TheDatabase
from orders.answers import as_json
from orders.messages import NewOrder, Order
from orders.tables import orders

router = APIRouter(tags=["orders"])


@router.post("/orders", status_code=201, response_model=Order)
def create_order(new: NewOrder, user: SignedIn, database: TheDatabase) -> Response:
    """Keep a new order and the first event of its tracking, both or neither."""
    row = new.model_dump() | {"status": "new", "created_at": datetime.now(UTC)}
    stored = {("carrier" if name == "courier" else name): value for name, value in row.items()}
    with database.writing() as connection:
        kept = insert(orders).values(stored | {"created_by": user}).returning(orders.c.id)
        order = Order(id=connection.execute(kept).scalar_one(), **row)
        tracking.record(connection, order)
    return as_json(order, 201)
