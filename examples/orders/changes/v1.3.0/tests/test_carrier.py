"""Customers read "carrier"; programs that know the API go on saying "courier"."""

import io
import zipfile

from fastapi.testclient import TestClient

BREAD = {
    "customer_name": "Corner Bakery",
    "items": [{"sku": "CRATE-S", "quantity": 3}],
    "courier": "North Line",
}


def test_the_api_still_says_courier(desk: TestClient) -> None:
    created = desk.post("/api/v1/orders", json=BREAD).json()
    assert created["courier"] == "North Line"
    assert desk.get(f"/api/v1/orders/{created['id']}").json() == created


def test_an_order_without_a_carrier_is_counted_as_before(desk: TestClient) -> None:
    before = desk.get("/api/v1/dashboard").json()["without_courier"]
    desk.post("/api/v1/orders", json=BREAD | {"courier": None})
    assert desk.get("/api/v1/dashboard").json()["without_courier"] == before + 1


def test_the_spreadsheet_says_carrier(desk: TestClient) -> None:
    desk.post("/api/v1/orders", json=BREAD)
    answer = desk.get("/api/v1/orders/export.xlsx", params={"rows": 1})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert "Carrier" in sheet
    assert "North Line" in sheet
