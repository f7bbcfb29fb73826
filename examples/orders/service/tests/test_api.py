"""The endpoints, over a real database."""

import io
import zipfile
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from orders import tokens
from orders.database import Database
from orders.seed import ORDERS, seed
from orders.settings import Settings

BREAD = {
    "customer_name": "Corner Bakery",
    "items": [{"sku": "CRATE-S", "quantity": 3}],
    "courier": "North Line",
}


def test_a_created_order_can_be_read_and_leads_the_list(desk: TestClient) -> None:
    created = desk.post("/api/v1/orders", json=BREAD)
    assert created.status_code == 201
    order = created.json()
    assert desk.get(f"/api/v1/orders/{order['id']}").json() == order
    assert desk.get("/api/v1/orders").json()["orders"][0] == order


def test_the_pages_of_the_list_cover_every_order_once(desk: TestClient) -> None:
    seen, before = [], None
    while True:
        query = {"limit": 70} | ({"before": before} if before else {})
        page = desk.get("/api/v1/orders", params=query).json()
        seen += [order["id"] for order in page["orders"]]
        before = page["next_before"]
        if before is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == ORDERS


def test_the_dashboard_counts_orders(desk: TestClient) -> None:
    counts = desk.get("/api/v1/dashboard").json()
    assert counts["orders"] == sum(counts["by_status"].values()) == ORDERS


def test_the_export_is_a_workbook_in_which_a_name_stays_a_name(desk: TestClient) -> None:
    desk.post("/api/v1/orders", json=BREAD | {"customer_name": "=1+1"})
    answer = desk.get("/api/v1/orders/export.xlsx", params={"rows": 10})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 11
    assert "=1+1" in sheet
    assert "<f>" not in sheet


@pytest.mark.parametrize("path", ["orders", "orders/1", "dashboard", "orders/export.xlsx"])
def test_a_stranger_is_asked_to_sign_in(stranger: TestClient, path: str) -> None:
    answer = stranger.get(f"/api/v1/{path}")
    assert answer.status_code == 401
    assert answer.json() == {"error": "sign in first"}


@pytest.mark.parametrize("token", ["", "x", "x.y", "e30=.", "\N{SNOWMAN}"])
def test_a_damaged_token_is_nobodys(token: str) -> None:
    assert tokens.bearer(token, "secret", now=0) is None


def test_a_token_is_good_until_its_time_is_over_and_for_one_secret_only() -> None:
    token = tokens.issue(7, "secret", now=1000)
    assert tokens.bearer(token, "secret", now=1000 + tokens.LIFETIME_SECONDS - 1) == 7
    assert tokens.bearer(token, "secret", now=1000 + tokens.LIFETIME_SECONDS) is None
    assert tokens.bearer(token, "another", now=1000) is None


def test_a_wrong_password_is_refused(stranger: TestClient) -> None:
    answer = stranger.post(
        "/api/v1/login", json={"email": "desk1@orders.example", "password": "wrong"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/api/v1/orders/0", 404), ("/version", 200)]
)
def test_every_answer_names_the_version(desk: TestClient, path: str, status: int) -> None:
    answer = desk.get(path)
    assert answer.status_code == status
    assert answer.headers["X-Orders-Version"] == "v0.0.0"


def test_a_malformed_order_is_refused_field_by_field(desk: TestClient) -> None:
    answer = desk.post("/api/v1/orders", json={"items": []})
    assert answer.status_code == 422
    assert {field["field"] for field in answer.json()["fields"]} == {
        "body.customer_name",
        "body.items",
    }


def test_without_its_tables_the_service_is_unhealthy_and_fails_in_json(
    desk: TestClient, settings: Settings
) -> None:
    assert desk.get("/health").json() == {"status": "ok", "version": "v0.0.0"}
    database = Database(settings.database_url)
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE orders RENAME TO elsewhere"))
    database.close()
    assert desk.get("/health").status_code == 503
    answer = desk.get("/api/v1/orders")
    assert answer.status_code == 500
    assert answer.json() == {"error": "internal server error"}
    assert answer.headers["X-Orders-Version"] == "v0.0.0"


def test_seeding_again_adds_nothing(settings: Settings) -> None:
    database = Database(settings.database_url)
    assert seed(database, datetime.now(UTC)) == (0, 0)
    database.close()


@pytest.mark.parametrize("given", ["1.4.0", "v1.4.0"])
def test_the_version_is_named_as_its_tag(given: str) -> None:
    assert Settings.from_environ({"ORDERS_VERSION": given}).version == "v1.4.0"
