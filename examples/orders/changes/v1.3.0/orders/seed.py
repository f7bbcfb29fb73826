"""Fill a new database: `python -m orders.seed`. Run again, it changes nothing."""

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select

from orders import passwords
from orders.database import Database
from orders.settings import Settings
from orders.tables import orders, users

DESKS = 5
PASSWORD = "orders-demo"
ORDERS = 200
CARRIERS = ("North Line", "Quick Wheels", "River Freight", "Blue Van")
CUSTOMERS = ("Corner Bakery", "Hill Pharmacy", "Old Mill Books", "Station Flowers", "Dock Tools")
GOODS = ("CRATE-S", "CRATE-L", "PALLET", "ENVELOPE", "COOL-BOX")


def seed(database: Database, now: datetime) -> tuple[int, int]:
    """Add the demo users and orders that are missing; return how many of each were added."""
    with database.writing() as connection:
        known = set(connection.execute(select(users.c.email)).scalars())
        wanted = [
            {"email": f"desk{n}@orders.example", "name": f"Desk {n}", "password": _kept(n)}
            for n in range(1, DESKS + 1)
        ]
        missing = [user for user in wanted if user["email"] not in known]
        if missing:
            connection.execute(insert(users), missing)
        if connection.execute(select(func.count()).select_from(orders)).scalar_one():
            return len(missing), 0
        desk = connection.execute(select(users.c.id).order_by(users.c.id)).scalars().all()
        connection.execute(insert(orders), _orders(desk, now))
    return len(missing), ORDERS


def _kept(number: int) -> str:
    return passwords.hashed(PASSWORD, salt=f"desk{number}")


def _orders(desks: Sequence[int], now: datetime) -> list[dict[str, object]]:
    chance = random.Random(16)
    return [
        {
            "customer_name": chance.choice(CUSTOMERS),
            "items": [
                {"sku": sku, "quantity": chance.randint(1, 9)}
                for sku in chance.sample(GOODS, chance.randint(1, 3))
            ],
            "carrier": chance.choice(CARRIERS),
            "status": "delivered" if age > ORDERS // 4 else "new",
            "created_by": chance.choice(desks),
            "created_at": now - timedelta(minutes=20 * age),
        }
        for age in range(ORDERS, 0, -1)
    ]


def main() -> None:
    """Seed the database that the environment names."""
    database = Database(Settings.from_environ(os.environ).database_url)
    added_users, added_orders = seed(database, datetime.now(UTC))
    database.close()
    print(f"added {added_users} users and {added_orders} orders")


if __name__ == "__main__":
    main()
