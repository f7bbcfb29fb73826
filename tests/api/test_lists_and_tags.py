"""Lists page by page, ETags, and the limits of how often one may ask."""

from dataclasses import replace
from typing import Any

import pytest
from tests.api.conftest import House
from tests.papers import CI
from tests.plans import a_release

from gonogo.adapters.counting_limiter import CountingLimiter
from gonogo.domain.actor import Role
from gonogo.domain.audit import AuditDraft
from gonogo.domain.errors import Unavailable
from gonogo.domain.rate import Allowance, Rate, Rates
from gonogo.domain.release import Stage

RELEASE = {"service": "shop", "version": "v1.2.0"}


async def fill(house: House) -> None:
    """Five releases that have ended, papers, people, tokens."""
    audit = AuditDraft("dana", "person:release:start", "r")
    for number in range(5):
        ended = replace(a_release(), id=f"rel{number}", stage=Stage.RELEASED)
        await house.desk.store.open(ended, audit, ())
        await house.desk.evidence(name=f"{number}.xml", digest=f"{number}" * 64)
        await house.token(Role.QA, name=f"Ann {number}")


LISTS = ["/releases", "/audit", "/audit?oldest_first=true", "/services/shop/papers", "/people"]


@pytest.mark.parametrize("path", [*LISTS, "/tokens"])
async def test_pages_together_are_the_list(house: House, path: str) -> None:
    await fill(house)
    glue = "&" if "?" in path else "?"
    whole = (await house.ask("GET", f"{path}{glue}limit=1000")).json()
    assert whole["next"] is None
    assert len(whole["items"]) >= 5
    found: list[Any] = []
    where = f"{path}{glue}limit=2"
    while where:
        answer = await house.ask("GET", where)
        found += answer.json()["items"]
        assert len(answer.json()["items"]) <= 2
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        where = link.partition(">")[0].removeprefix("</api/v1") if link else ""
    assert found == whole["items"]


async def test_a_page_does_not_move_when_something_new_comes(house: House) -> None:
    await fill(house)
    first = (await house.ask("GET", "/releases?limit=2")).json()
    await house.ask("POST", "/releases", json=RELEASE)
    second = (await house.ask("GET", f"/releases?limit=2&cursor={first['next']}")).json()
    assert [each["id"] for each in (*first["items"], *second["items"])] == [
        "rel4",
        "rel3",
        "rel2",
        "rel1",
    ]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "WyJhIiwiYiJd", "é", "[" * 500])
async def test_a_cursor_of_nowhere_is_refused(house: House, cursor: str) -> None:
    answer = await house.ask("GET", "/releases", params={"cursor": cursor})
    assert (answer.status_code, "query.cursor" in answer.json()["title"]) == (422, True)


async def test_a_cursor_belongs_to_its_list_and_filters(house: House) -> None:
    await fill(house)
    cursor = (await house.ask("GET", "/releases?limit=2")).json()["next"]
    for other in ("/releases?service=shop&", "/audit?", "/people?"):
        assert (await house.ask("GET", f"{other}cursor={cursor}")).status_code == 422


async def test_a_misspelt_parameter_is_refused_and_not_overlooked(house: House) -> None:
    answer = await house.ask("GET", "/releases?servce=shop")
    assert answer.status_code == 422
    assert answer.json()["title"].startswith("query.servce: no such parameter here (known: cursor,")


async def test_papers_are_found_by_version_and_kind(house: House) -> None:
    await fill(house)
    await house.desk.evidence(name="old.xml", commit="0" * 40)
    freeze = {"on": True, "reason": "holidays", "until": "7d"}
    filed = (await house.ask("POST", "/services/shop/freeze", json=freeze)).json()
    kinds = (await house.ask("GET", "/services/shop/papers?kind=flag")).json()["items"]
    assert [each["paper"] for each in kinds] == [filed["paper"]]
    old = (await house.ask("GET", "/services/shop/papers?version=v1.1.0")).json()["items"]
    assert [each["by"] for each in old] == [CI.name]
    one = await house.ask("GET", f"/papers/{filed['paper']}")
    assert one.json() == filed


async def test_a_release_read_again_unchanged_costs_nothing(house: House) -> None:
    await house.ask("POST", "/releases", json=RELEASE)
    first = await house.ask("GET", "/releases/shop")
    etag = first.headers["etag"]
    again = await house.ask("GET", "/releases/shop", headers={"If-None-Match": f'"x", W/{etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = await house.ask("GET", "/releases/shop", headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["/services/shop", "/services/shop/spec", "/people/Ann 0"])
async def test_single_things_have_a_tag(house: House, path: str) -> None:
    await fill(house)
    etag = (await house.ask("GET", path)).headers["etag"]
    again = await house.ask("GET", path, headers={"If-None-Match": etag})
    assert again.status_code == 304


async def test_nobody_replaces_what_they_have_not_seen(house: House) -> None:
    await fill(house)
    seen = (await house.ask("GET", "/people/Ann 0")).headers["etag"]
    change = {"roles": ["viewer"]}
    first = await house.ask("PATCH", "/people/Ann 0", json=change, headers={"If-Match": seen})
    late = await house.ask("DELETE", "/people/Ann 0", headers={"If-Match": seen})
    assert (first.status_code, late.status_code) == (200, 412)
    assert (await house.ask("GET", "/people/Ann 0")).json()["left_at"] is None


async def test_a_word_to_a_release_that_has_moved_is_refused(house: House) -> None:
    await house.ask("POST", "/releases", json=RELEASE)
    word = {"kind": "abort", "reason": "because"}
    path = "/releases/shop/instructions"
    stale = await house.ask("POST", path, json=word, headers={"If-Match": '"another"'})
    etag = (await house.ask("GET", "/releases/shop")).headers["etag"]
    fresh = await house.ask("POST", path, json=word, headers={"If-Match": etag})
    assert (stale.status_code, fresh.status_code) == (412, 202)


@pytest.fixture
def limited(house: House) -> House:
    object.__setattr__(house.desk.context, "limiter", CountingLimiter())
    rates = Rates(*(Rate(most, 10**8) for most in (5, 3, 2, 2)))
    object.__setattr__(house.desk.context, "rates", rates)
    return house


async def test_who_asks_too_often_is_told_when_to_come_back(limited: House) -> None:
    answers = [await limited.ask("GET", "/whoami") for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"reads";q=5;w=100000000'
    assert answers[0].headers["ratelimit"].startswith('"reads";r=4;t=')
    assert int(answers[5].headers["retry-after"]) >= 1
    assert answers[5].headers["content-type"] == "application/problem+json"


async def test_strangers_are_counted_by_address_and_shut_out_nobody_who_is_known(
    limited: House,
) -> None:
    wrong = [await limited.ask("GET", "/whoami", token=f"wrong{n}") for n in range(4)]
    assert [each.status_code for each in wrong] == [401, 401, 429, 429]
    assert (await limited.ask("GET", "/whoami")).status_code == 200


async def test_reading_leaves_the_right_to_act(limited: House) -> None:
    for _ in range(6):
        await limited.ask("GET", "/whoami")
    assert (await limited.ask("POST", "/releases", json=RELEASE)).status_code == 202


async def test_the_desks_health_is_always_told(limited: House) -> None:
    answers = [await limited.client.get("/api/v1/health") for _ in range(10)]
    assert {each.status_code for each in answers} == {200}


async def test_a_limit_that_cannot_count_refuses(
    limited: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise Unavailable("requests cannot be counted")

    monkeypatch.setattr(CountingLimiter, "take", broken)
    answer = await limited.ask("GET", "/whoami")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await limited.client.get("/api/v1/health")).status_code == 200


async def test_while_the_shared_count_fails_people_are_counted_by_this_desk_and_strangers_refused(
    limited: House,
) -> None:
    class Broken:
        async def take(self, asker: str, rate: Rate) -> Allowance:
            raise Unavailable(f"{asker} cannot be counted at {rate}")

    object.__setattr__(limited.desk.context, "own_limiter", limited.desk.context.limiter)
    object.__setattr__(limited.desk.context, "limiter", Broken())
    assert (await limited.ask("GET", "/whoami", token="wrong")).status_code == 503
    assert (await limited.client.get("/static/desk.css")).status_code != 503
    answers = [await limited.ask("GET", "/whoami") for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]


async def test_a_request_keeps_a_sane_id_and_gets_one_otherwise(house: House) -> None:
    kept = await house.ask("GET", "/releases/none", headers={"X-Request-Id": "ci-17.a"})
    assert kept.headers["x-request-id"] == "ci-17.a"
    assert kept.json()["instance"] == "urn:gonogo:request:ci-17.a"
    made = await house.ask("GET", "/whoami", headers={"X-Request-Id": "x" * 100})
    assert len(made.headers["x-request-id"]) == 32


async def test_a_problem_says_what_kind_it_is(house: House) -> None:
    found = (await house.ask("GET", "/releases/none")).json()
    assert found["type"] == "urn:gonogo:problem:not-found"
    assert (found["status"], found["title"], found["detail"]) == (
        404,
        'no release "none" is known',
        'no release "none" is known',
    )


@pytest.mark.parametrize("path", ["/nothing", "/releases/a%00b", "/releases?service=%00"])
async def test_what_is_not_there_is_a_problem_too(house: House, path: str) -> None:
    answer = await house.ask("GET", path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in {404, 422}


async def test_a_text_with_the_character_nul_is_refused(house: House) -> None:
    freeze = {"on": True, "reason": "a\0b"}
    answer = await house.ask("POST", "/services/shop/freeze", json=freeze)
    assert (answer.status_code, "NUL" in answer.json()["title"]) == (422, True)


async def test_what_other_policies_would_have_done_is_refused_where_nothing_was_counted(
    house: House,
) -> None:
    await house.ask("POST", "/releases", json=RELEASE)
    answer = await house.ask("GET", "/releases/shop/what-if")
    assert (answer.status_code, "nothing was counted" in answer.text) == (422, True)


async def test_the_outlook_of_a_service_comes_from_given_traffic(house: House) -> None:
    found = await house.ask("GET", "/services/shop/outlook?rate=100")
    assert found.status_code == 200
    assert found.json()["steps"]
    assert (await house.ask("GET", "/services/shop/outlook")).status_code == 422
