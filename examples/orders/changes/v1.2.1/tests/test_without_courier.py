"""An order may be taken before anyone is found to carry it."""

from fastapi.testclient import TestClient

BOOKS = {"customer_name": "Old Mill Books", "items": [{"sku": "ENVELOPE", "quantity": 1}]}


def test_an_order_without_a_courier_is_taken_and_tracked(desk: TestClient) -> None:
    created = desk.post("/api/v1/orders", json=BOOKS)
    assert created.status_code == 201
    (event,) = desk.get(f"/api/v1/orders/{created.json()['id']}/tracking").json()["events"]
    assert (event["courier"], event["status"]) == (None, "unassigned")
