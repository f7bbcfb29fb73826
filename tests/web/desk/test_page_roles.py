"""Every role at every form of the pages: what the table of permissions does not give is refused."""

from typing import Any

import httpx2
import pytest
from tests.papers import OWNER
from tests.web.desk.conftest import OWNERS_TOKEN, Visit

from gonogo.api.application import build_application
from gonogo.api.door import Door, browser_of, reader, safe_next, session_of
from gonogo.domain.actor import PEOPLE_ROLES, Role
from gonogo.usecases.permissions import PERMISSIONS, Deed
from gonogo.usecases.releases.lifecycle import start_release
from gonogo.web.desk.application import add_desk
from gonogo.web.desk.pages.flags import QUIET
from gonogo.web.desk.visitor import Entrance, seen_by

VERSION = "/services/shop/versions/v1.2.0"


def word(kind: str, deed: Deed) -> tuple[str, dict[str, str], Deed]:
    return f"/releases/id0/words#{kind}", {"kind": kind, "reason": "because"}, deed


# Where a form is sent to, what is in it, and what it does. None does anything for whoever may: each
# names something that is not there, or leaves out what is needed.
FORMS: list[tuple[str, dict[str, str], Deed]] = [
    ("/people", {"name": ""}, Deed.MANAGE_PEOPLE),
    ("/people/nobody/roles", {"roles": "qa"}, Deed.MANAGE_PEOPLE),
    ("/people/nobody/leave", {}, Deed.MANAGE_PEOPLE),
    ("/people/nobody/link", {}, Deed.MANAGE_PEOPLE),
    ("/people/nobody/tokens", {}, Deed.MANAGE_PEOPLE),
    ("/tokens/none/revoke", {}, Deed.MANAGE_PEOPLE),
    word("pause", Deed.PAUSE),
    word("resume", Deed.PAUSE),
    word("retry", Deed.SETTLE),
    word("confirm", Deed.VERIFY),
    word("reject", Deed.VERIFY),
    ("/releases/id0/freeze", {"on": "yes"}, Deed.FREEZE),
    ("/releases/id0/waivers", {"gate": "tests"}, Deed.WAIVE),
    ("/flags/freeze/shop", {"on": "yes"}, Deed.FREEZE),
    (f"/flags/{QUIET}/shop", {"on": "yes"}, Deed.HUSH),
    (f"{VERSION}/sign-off", {"word": "sign", "digest": "0"}, Deed.SIGN_OFF),
    (f"{VERSION}/sign-off#reject", {"word": "reject", "digest": "0"}, Deed.SIGN_OFF),
    (f"{VERSION}/ticks", {"checklist": "none", "item": "none"}, Deed.TICK),
    (f"{VERSION}/acknowledgement", {}, Deed.ACKNOWLEDGE),
    (f"{VERSION}/handoff", {"text": "no handoff"}, Deed.HAND_OVER),
    (f"{VERSION}/start", {}, Deed.RELEASE),
    ("/releases/id0/words#abort", {"kind": "abort", "typed": "v1.2.0"}, Deed.ABORT),
    ("/releases/id0/words#roll_back", {"kind": "roll_back", "typed": "v1.2.0"}, Deed.ROLL_BACK),
]
OWN = {
    "/settings/tokens",
    "/settings/tokens/none/revoke",
    "/sign-in",
    "/join",
    "/sign-out",
    "/settings/password",
    "/settings/sessions/{session}",
}
"""What everybody does for themselves alone."""
BY_PAPER = {f"{VERSION}/withdrawals"}
"""Who may take a paper back depends on whose it is: see tests/usecases."""


@pytest.mark.parametrize("role", PEOPLE_ROLES)
async def test_a_role_gets_through_to_what_the_table_gives_it_and_to_nothing_else(
    visit: Visit, role: Role
):
    release = await start_release(visit.desk.context, OWNER, service="shop", version="v1.2.0")
    token = await visit.token(role)
    headers = {"Authorization": f"Bearer {token}"}
    wrong = []
    for place, fields, deed in FORMS:
        path = place.partition("#")[0].replace("id0", release.id)
        before = len([entry async for entry in visit.desk.store.entries()])
        sent = {"role": role.value, "key": place, **fields}
        answer = await visit.client.post(path, data=sent, headers=headers)
        refused = answer.status_code == 403
        if refused is (role in PERMISSIONS[deed]):
            wrong.append((place, answer.status_code))
        after = len([entry async for entry in visit.desk.store.entries()])
        if refused and after != before:
            wrong.append((place, "left a trace"))
    assert not wrong, wrong


async def test_every_form_of_the_pages_stands_in_the_list(visit: Visit):
    desk = visit.desk
    application: Any = build_application(desk.context, OWNER, OWNERS_TOKEN, lambda: None)
    guard = reader(Door(desk.context, OWNER, OWNERS_TOKEN))
    entrance = Entrance(browser=browser_of, session=session_of, safe=safe_next)
    add_desk(application, desk.context, seen_by(guard), entrance=entrance)
    names = {
        "/flags/{name}": "/flags/freeze",
        "{name}": "nobody",
        "{token_id}": "none",
        "{reference}": "id0",
    }
    names |= {"{service}": "shop", "{version:path}": "v1.2.0"}
    known = set()
    for route in application.routes:
        methods = getattr(route, "methods", None) or set()
        if route.path.startswith("/api/") or not methods - {"GET", "HEAD"}:
            continue
        assert methods == {"POST"}
        path = route.path
        for name, value in names.items():
            path = path.replace(name, value)
        known.add(path)
    listed = {place.partition("#")[0] for place, _, _ in FORMS} - {f"/flags/{QUIET}/shop"}
    assert known - OWN - BY_PAPER == listed


async def test_nothing_that_changes_something_answers_to_a_get(visit: Visit):
    before = len([entry async for entry in visit.desk.store.entries()])
    headers = {"Authorization": f"Bearer {OWNERS_TOKEN}"}
    for place, _, _ in FORMS:
        path = place.partition("#")[0]
        if path not in {"/people", f"{VERSION}/sign-off"}:
            answer = await visit.client.get(path, headers=headers)
            assert answer.status_code in {404, 405, 200}, path
    assert len([entry async for entry in visit.desk.store.entries()]) == before


async def test_a_part_of_a_page_is_for_those_only_who_may_look(visit: Visit):
    answers: list[httpx2.Response] = [
        await visit.client.get(path)
        for path in ("/audit/rows?before=9", "/history/releases.csv", "/audit/entries.json")
    ]
    assert [each.status_code for each in answers] == [401, 401, 401]
