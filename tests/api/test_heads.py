"""HEAD, as monitors and link checkers ask."""

import pytest
from tests.api.conftest import OWNERS_TOKEN, House


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/readyz", 200), ("/api/v1/releases", 200), ("/api/v1/nothing", 404)],
)
async def test_head_is_answered_as_get_is_without_a_body(house: House, path: str, status: int):
    headers = {"Authorization": f"Bearer {OWNERS_TOKEN}"}
    head = await house.client.head(path, headers=headers)
    got = await house.client.get(path, headers=headers)
    assert (head.status_code, head.content) == (status, b"")
    assert head.headers["content-length"] == str(len(got.content)) or status == 404
    figures = (await house.client.get("/metrics", headers=headers)).text
    assert 'method="HEAD"' in figures


async def test_what_changes_something_does_not_do_it_by_head(house: House):
    headers = {"Authorization": f"Bearer {OWNERS_TOKEN}"}
    assert (await house.client.head("/api/v1/stop", headers=headers)).status_code in {404, 405}
