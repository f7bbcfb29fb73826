"""What a browser gets instead of a page."""

import httpx2
import pytest
from tests.web.desk.conftest import OWNERS_TOKEN, Visit

from gonogo.domain.actor import Role
from gonogo.domain.errors import Unavailable

BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


async def ask(
    visit: Visit, method: str, path: str, *, reads: str = "en|UTC||", **headers: str
) -> httpx2.Response:
    own = {"Authorization": f"Bearer {OWNERS_TOKEN}", "Cookie": f"gonogo_reader={reads}"}
    return await visit.client.request(method, path, headers={"Accept": BROWSER, **own, **headers})


async def test_a_browser_gets_a_page_for_an_unknown_release(visit: Visit):
    page = await ask(visit, "GET", "/releases/none")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src &#39;none&#39;" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert 'no release "none" is known' in page.text.replace("&#34;", '"')
    assert "gonogo status" not in page.text
    assert 'href="/history"' in page.text


async def test_programs_and_parts_of_pages_get_the_problem_itself(visit: Visit):
    part = await ask(visit, "GET", "/releases/none", **{"HX-Request": "true"})
    program = await ask(visit, "GET", "/releases/none", Accept="*/*")
    api = await ask(visit, "GET", "/api/v1/releases/none")
    for answer in (part, program, api):
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_forbidden_action_is_told_as_a_page_with_a_way_back(visit: Visit):
    token = await visit.token(Role.VIEWER)
    page = await visit.client.post(
        "/services/nothing/versions/v1/start",
        data={"key": "k"},
        headers={
            "Accept": BROWSER,
            "Authorization": f"Bearer {token}",
            "Referer": "http://127.0.0.1:8460/services/shop?x=%22%3E",
        },
    )
    assert page.status_code in {403, 404}
    assert page.headers["content-type"].startswith("text/html")
    assert '<a class="button" href="/' in page.text


async def test_what_somebody_typed_into_an_address_is_told_as_text(visit: Visit):
    page = await ask(visit, "GET", "/services/%3Cscript%3Ealert(1)%E2%80%AE")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text
    assert "\u202e" not in page.text


@pytest.mark.parametrize(
    "referer", ["http://elsewhere.example/x", "http://[", "//x", "about:blank"]
)
async def test_the_way_back_never_leads_to_another_host(visit: Visit, referer: str):
    page = await ask(visit, "POST", "/nowhere", Referer=referer)
    assert page.status_code in {404, 405}
    assert "elsewhere" not in page.text


async def test_a_path_that_browsers_read_as_a_host_is_not_linked_to(visit: Visit):
    page = await ask(visit, "GET", "//elsewhere.example/x?before=y")
    assert 'href="//' not in page.text


async def test_a_number_out_of_bounds_is_a_page_and_no_fault(visit: Visit):
    for path in ("/history/rows?before=", "/audit/rows?before="):
        page = await ask(visit, "GET", path + "9" * 30)
        assert page.status_code == 422
        assert "The desk could not follow this" in page.text


async def test_while_the_database_is_gone_a_page_says_so_in_one_sentence(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    async def gone(*_: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(type(visit.desk.store), "registrations", gone)
    page = await ask(visit, "GET", "/history")
    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "the database does not answer" in page.text
    assert "Try again in 5 seconds." in page.text
    assert 'href="/history"' in page.text


async def test_nul_never_reaches_the_database(visit: Visit):
    assert (await ask(visit, "GET", "/releases/%00")).status_code == 422
    assert (await ask(visit, "GET", "/audit?actor=%00")).status_code == 422
