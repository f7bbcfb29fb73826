"""Tracking: what is written down about an order's way."""

from fastapi.testclient import TestClient

BREAD = {
    "customer_name": "Corner Bakery",
    "items": [{"sku": "CRATE-S", "quantity": 3}],
    "courier": "North Line",
}


def test_a_new_order_is_tracked(desk: TestClient) -> None:
    order = desk.post("/api/v1/orders", json=BREAD).json()
    (event,) = desk.get(f"/api/v1/orders/{order['id']}/tracking").json()["events"]
    assert event["courier"] == "North Line"
    assert desk.get("/api/v1/orders/tracking").json()["events"][0] == event


def test_an_order_from_before_tracking_has_no_events(desk: TestClient) -> None:
    assert desk.get("/api/v1/orders/1/tracking").json() == {"events": []}


def test_an_unknown_order_has_no_tracking(desk: TestClient) -> None:
    assert desk.get("/api/v1/orders/0/tracking").status_code == 404
