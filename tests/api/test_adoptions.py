"""Adopting what runs already, over HTTP."""

from typing import Any, cast

from tests.api.conftest import House
from tests.papers import OLD, OWNER

from gonogo.adapters.memory.deployer import MemoryDeployer
from gonogo.usecases.views.history import dora

AT = "127.0.0.1:8000"
BODY = {"environment": "production", "at": AT, "version": "v1.1.0"}


async def adopt(house: House, **changes: Any) -> Any:
    cast("MemoryDeployer", house.desk.context.deployer).outside[AT] = True
    return await house.ask("POST", "/services/shop/adoptions", json={**BODY, **changes})


async def test_an_adopted_version_is_told_with_its_address_and_is_not_counted_as_a_release(
    house: House,
) -> None:
    answer = await adopt(house)
    found = answer.json()
    assert (answer.status_code, found["address"], found["commit"]) == (200, AT, OLD)
    assert (found["role"], found["share"], found["routed"]) == ("baseline", 1.0, False)
    assert (await house.ask("GET", "/services/shop/adoptions/production")).json() == found
    (release,) = (await house.ask("GET", "/releases")).json()["items"]
    assert (release["stage"], release["final"], release["exposed"]) == ("adopted", True, False)
    told = await dora(house.desk.context, OWNER)
    assert (told.released, told.failed, told.frequency) == (0, 0, 0)


async def test_a_slot_of_a_service_says_that_it_was_adopted(house: House) -> None:
    await adopt(house)
    service = (await house.ask("GET", "/services/shop")).json()
    slots = {each["environment"]: each["slots"] for each in service["environments"]}
    assert [(slot["version"], slot["adopted"]) for slot in slots["production"]] == [
        ("v1.1.0", True)
    ]


async def test_a_version_without_a_tag_is_adopted_by_its_commit(house: House) -> None:
    assert (await adopt(house, version="spring", commit=OLD)).json()["version"] == "spring"
    refused = await adopt(house, version="v1.2.0", commit=OLD)
    assert refused.status_code == 422
    assert "the tag v1.2.0 is commit" in refused.json()["detail"]


async def test_where_nothing_was_adopted_the_command_is_told(house: House) -> None:
    answer = await house.ask("GET", "/services/shop/adoptions/production")
    assert answer.status_code == 404
    assert "gonogo adopt shop production" in answer.text


async def test_the_pages_of_an_adopted_version_say_so(house: House) -> None:
    release = (await adopt(house)).json()["release"]
    report = await house.ask("GET", f"/releases/{release}/report")
    assert report.status_code == 200
    assert "was adopted at" in report.text
    assert (await house.ask("GET", f"/releases/{release}/why")).status_code == 200


async def test_prometheus_is_told_where_a_version_is_reached_and_of_what(house: House) -> None:
    await adopt(house)
    labels = {
        "__meta_gonogo_service": "shop",
        "__meta_gonogo_environment": "production",
        "__meta_gonogo_version": "v1.1.0",
        "__meta_gonogo_role": "baseline",
    }
    asked = "/targets?service=shop&environment=production"
    assert (await house.ask("GET", asked)).json() == [{"targets": [AT], "labels": labels}]
    assert (await house.ask("GET", "/targets?environment=staging")).json() == []
