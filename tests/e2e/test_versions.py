"""New versions that misbehave: each is kept away from customers or taken back, with the reason."""

from tests.e2e.conftest import Register
from tests.e2e.customers import Customers
from tests.e2e.desk import DeskHouse


def test_a_good_version_reaches_everyone_and_loses_no_request(
    desk: DeskHouse, register: Register
) -> None:
    service = register(desk)
    with Customers(service.port) as customers:
        done = desk.run("release", service.name, "v1.1.0", "--yes")
    assert done.code == 0, done
    assert desk.slots(service.name)["v1.1.0"]["share"] == 1.0
    assert customers.of("v1.1.0") > 30
    assert customers.lost == []
