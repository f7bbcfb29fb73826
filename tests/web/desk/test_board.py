"""The board."""

from tests.web.desk.conftest import Visit


async def test_every_service_stands_on_the_board(visit: Visit):
    page = await visit.open("/")
    assert page.status_code == 200
    assert "shop" in page.text


async def test_the_page_loads_nothing_that_its_policy_forbids(visit: Visit):
    page = await visit.open("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "<style" not in page.text
    assert 'style="' not in page.text
    assert " onclick=" not in page.text


async def test_a_persian_reader_gets_a_page_from_right_to_left(visit: Visit):
    page = await visit.open("/", reads="fa|Asia/Tehran||")
    assert '<html lang="fa" dir="rtl"' in page.text
