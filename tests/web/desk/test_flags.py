"""Flags of services as a page."""

from tests.papers import NEW, OPS, a_desk
from tests.web.desk.conftest import Visit

from gonogo.domain.actor import Role


async def post(visit: Visit, path: str, *roles: Role, **fields: str):
    token = await visit.token(*roles, name=f"{roles[0]} {path.count(chr(47))} {len(fields)}")
    headers = {"Authorization": f"Bearer {token}"}
    return await visit.client.post(path, data=fields, headers=headers)


async def test_devops_freezes_a_service_and_everybody_sees_by_whom_and_why(visit: Visit):
    done = await post(visit, "/flags/freeze/shop", Role.DEVOPS, on="yes", reason="holidays")
    assert done.status_code == 303
    page = (await visit.open("/flags")).text
    assert "holidays" in page
    assert "frozen" in page


async def test_a_viewer_sees_who_may_and_is_refused(visit: Visit):
    refused = await post(visit, "/flags/quiet/shop", Role.VIEWER, on="yes", reason="quiet")
    assert refused.status_code == 403
    token = await visit.token(Role.VIEWER)
    assert "These may change it" in (await visit.open("/flags", token=token)).text


async def test_a_refusal_is_told_in_place(visit: Visit):
    refused = await post(visit, "/flags/freeze/shop", Role.DEVOPS, on="", reason="go on")
    assert refused.status_code == 409
    assert "shop is not frozen" in refused.text


async def test_the_page_holds_the_words_in_which_what_was_typed_is_offered_again(visit: Visit):
    assert 'id="form-words"' in (await visit.open("/flags")).text


async def test_a_refused_flag_keeps_what_was_typed(visit: Visit):
    fields = {"on": "yes", "reason": "the year is closed", "until": "tomorrow"}
    refused = await post(visit, "/flags/freeze/shop", Role.DEVOPS, **fields)
    assert refused.status_code == 422
    assert 'value="the year is closed"' in refused.text
    assert 'value="tomorrow"' in refused.text


async def test_another_flag_does_not_lift_a_freeze():
    from gonogo.domain.dossier import Dossier
    from gonogo.usecases.gates import waivers

    async with a_desk() as desk:
        await waivers.freeze(desk.context, OPS, service="shop", on=True, reason="holidays")
        await waivers.hush(desk.context, OPS, service="shop", on=True, reason="quiet")
        papers = await desk.store.papers("shop")
        held = waivers.frozen(Dossier("shop", "", NEW, papers), desk.clock.now())
    assert held is not None
