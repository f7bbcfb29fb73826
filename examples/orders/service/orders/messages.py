"""What goes over the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=120)]
Courier = Annotated[str, Field(min_length=1, max_length=80)]


class Item(BaseModel):
    """One line of an order."""

    sku: Annotated[str, Field(min_length=1, max_length=40)]
    quantity: Annotated[int, Field(ge=1, le=10_000)]


class NewOrder(BaseModel):
    """An order as the desk enters it. A courier is often found only later."""

    customer_name: Name
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]
    courier: Courier | None = None


class Order(BaseModel):
    """An order as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    customer_name: str
    items: list[Item]
    courier: str | None
    status: str
    created_at: datetime


class OrderPage(BaseModel):
    """Some orders, newest first; `next_before` asks for those after them, null at the end."""

    orders: list[Order]
    next_before: int | None


class Dashboard(BaseModel):
    """The counts at the top of the desk's screen."""

    orders: int
    by_status: dict[str, int]
    without_courier: int


class Credentials(BaseModel):
    """Who signs in."""

    email: Annotated[str, Field(max_length=120)]
    password: Annotated[str, Field(max_length=200)]


class Session(BaseModel):
    """A token for the `Authorization: Bearer` header, and the seconds it lasts."""

    token: str
    expires_in: int
    name: str
