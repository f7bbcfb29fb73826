"""Which role may use which endpoint, asked through the door."""

from dataclasses import replace
from typing import Any

import pytest
from tests.api.conftest import House
from tests.papers import OWNER

from gonogo.domain.actor import PEOPLE_ROLES, Role
from gonogo.domain.journal import JournalEntry, StepState
from gonogo.domain.release import Stage, move
from gonogo.ports.store import Change
from gonogo.usecases.releases.lifecycle import start_release

EVERYBODY = frozenset(PEOPLE_ROLES)
ADMIN, DEVOPS, QA, LEAD = Role.ADMIN, Role.DEVOPS, Role.QA, Role.TECH_LEAD
SECURITY, VIEWER = Role.SECURITY, Role.VIEWER
RELEASE = {"service": "shop", "version": "v1.2.0"}
ADOPTION = {"environment": "production", "at": "127.0.0.1:8000", "version": "v1"}
PERSON = {"name": "Ann", "roles": ["qa"]}


def word(kind: str) -> dict[str, Any]:
    return {"json": {"kind": kind, "reason": "because"}}


# Method, path, options of the request, and the roles that are let through besides the owner.
READING = [
    ("GET", path, {}, EVERYBODY)
    for path in (
        "/services",
        "/chain",
        "/findings",
        "/releases",
        "/releases/x",
        "/releases/x/events",
        "/releases/x/figures",
        "/releases/x/looks",
        "/releases/x/why",
        "/releases/x/what-if",
        "/services/shop",
        "/services/shop/spec",
        "/services/shop/outlook",
        "/services/shop/papers",
        "/services/shop/adoptions/production",
        "/papers/x",
        "/people/nobody",
        "/audit",
        "/schemas/gonogo.yaml",
        "/releases/x/report",
        "/reports?release=x",
        "/people",
        "/whoami",
        "/sessions",
        "/tokens",
        "/services/shop/evidence",
        "/keys",
        "/keys/ring",
        "/keys/public",
        "/releases/x/bundle",
    )
]
DOING: list[tuple[str, str, dict[str, Any], frozenset[Role]]] = [
    (
        "POST",
        "/services",
        {"json": {"spec": "no spec", "repository": "/shop"}},
        frozenset({ADMIN, DEVOPS}),
    ),
    ("POST", "/differences", {"json": {"spec": "no spec"}}, frozenset({ADMIN, DEVOPS})),
    ("POST", "/services/shop/adoptions", {"json": ADOPTION}, frozenset({ADMIN, DEVOPS})),
    ("DELETE", "/services/shop/adoptions/production", {}, frozenset({ADMIN, DEVOPS})),
    ("POST", "/releases", {"json": RELEASE}, frozenset({ADMIN, DEVOPS, LEAD})),
    ("POST", "/intentions", {"json": RELEASE}, frozenset({ADMIN, DEVOPS, LEAD})),
    ("POST", "/releases/x/instructions", word("pause"), frozenset({ADMIN, DEVOPS, QA, LEAD})),
    ("POST", "/releases/x/instructions", word("resume"), frozenset({ADMIN, DEVOPS, QA, LEAD})),
    ("POST", "/releases/x/instructions", word("retry"), frozenset({ADMIN, DEVOPS})),
    ("POST", "/releases/x/instructions", word("abort"), frozenset({ADMIN, DEVOPS, QA, LEAD})),
    (
        "POST",
        "/releases/x/instructions",
        word("roll_back"),
        frozenset({ADMIN, DEVOPS, QA, LEAD, SECURITY}),
    ),
    ("POST", "/releases/x/instructions", word("confirm"), frozenset({ADMIN, DEVOPS, QA})),
    ("POST", "/releases/x/instructions", word("reject"), frozenset({ADMIN, DEVOPS, QA})),
    (
        "POST",
        "/services/shop/evidence?name=a.xml&version=v1.2.0",
        {"content": b"no report"},
        EVERYBODY - {VIEWER},
    ),
    ("POST", "/people", {"json": PERSON}, frozenset({ADMIN})),
    ("PATCH", "/people/nobody", {"json": {"roles": ["qa"]}}, frozenset({ADMIN})),
    ("DELETE", "/people/nobody", {}, frozenset({ADMIN})),
    ("POST", "/people/nobody/tokens", {"json": {}}, frozenset({ADMIN})),
    ("DELETE", "/tokens/none", {}, frozenset({ADMIN})),
    ("POST", "/people/nobody/invitations", {}, frozenset({ADMIN})),
    ("DELETE", "/people/nobody/identities", {}, frozenset({ADMIN})),
    ("DELETE", "/sessions/none", {}, EVERYBODY),
    ("POST", "/sign-out", {"json": {}}, EVERYBODY),
    ("POST", "/password", {"json": {"present": "x", "wanted": "y"}}, EVERYBODY),
    ("POST", "/keys", {}, frozenset({ADMIN})),
    (
        "POST",
        "/keys/abcdef1234/revocation",
        {"json": {"since": "2026-03-01T12:00Z", "reason": "it leaked"}},
        frozenset({ADMIN}),
    ),
    ("POST", "/heads", {}, frozenset({ADMIN})),
    ("POST", "/stop", {}, frozenset({ADMIN})),
]
ENDPOINTS = [*READING, *DOING]


def shown(endpoint: tuple[str, str, dict[str, Any], frozenset[Role]]) -> str:
    method, path, options, _ = endpoint
    return " ".join((method, path, str(options.get("json", {}).get("kind", ""))))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=shown)
async def test_an_endpoint_lets_these_roles_through_and_refuses_the_others(
    house: House, endpoint: tuple[str, str, dict[str, Any], frozenset[Role]]
) -> None:
    method, path, options, allowed = endpoint
    let_through = set()
    for role in PEOPLE_ROLES:
        token = await house.token(role)
        before = await house.entries()
        answer = await house.ask(method, path, token=token, **options)
        if answer.status_code != 403:
            let_through.add(role)
            continue
        assert "may not" in answer.json()["title"]
        assert "these may: owner" in answer.json()["title"]
        assert await house.entries() == before
    assert let_through == allowed
    assert (await house.ask(method, path, **options)).status_code != 403


PAPERS = (
    *(
        "/handoff",
        "/acknowledgements",
        "/sign-offs",
        "/waivers",
        "/freeze",
        "/silence",
        "/checklists",
    ),
    *("/ticks", "/withdrawal", "/verification"),
)
"""Parts of paths whose use cases are held against every role in tests/usecases."""

WITHOUT_PROOF = {
    ("GET", "/health"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/openid"),
    ("GET", "/sign-in/openid/return"),
    ("POST", "/invitations/shown"),
    ("POST", "/invitations/accepted"),
}
"""Endpoints for those who cannot say yet who they are."""


async def test_every_endpoint_stands_in_the_list(house: House) -> None:
    listed = {(method, path.partition("?")[0]) for method, path, _, _ in ENDPOINTS}
    paths = (await house.ask("GET", "/openapi.json")).json()["paths"]
    names = {"{reference}": "x", "{service}": "shop", "{name}": "nobody", "{token_id}": "none"}
    names |= {
        "{environment}": "production",
        "{key}": "abcdef1234",
        "{session_id}": "none",
        "{paper}": "x",
    }
    known = set()
    for path, methods in paths.items():
        plain = path.removeprefix("/api/v1")
        for name, value in names.items():
            plain = plain.replace(name, value)
        known |= {(method.upper(), plain) for method in methods}
    elsewhere = {each for each in known if any(part in each[1] for part in PAPERS)}
    assert known - elsewhere - WITHOUT_PROOF == listed


async def test_going_on_over_a_failed_step_takes_more_than_going_on(house: House) -> None:
    desk = house.desk
    release = await start_release(desk.context, OWNER, service="shop", version="v1.2.0")
    now = desk.clock.now()
    lease = await desk.store.claim(release.id, "desk", now, now)
    assert lease is not None
    step = JournalEntry(release.id, "migrate/staging", StepState.FAILED, now, now, "no")
    waiting = move(replace(release, stage=Stage.STAGING), Stage.PAUSED, now, "it failed")
    await desk.store.record(Change(waiting, lease, journal=step))
    path = f"/releases/{release.id}/instructions"
    said = {}
    for role in (Role.QA, Role.DEVOPS):
        answer = await house.ask("POST", path, token=await house.token(role), **word("resume"))
        said[role] = answer.status_code
    assert said == {Role.QA: 403, Role.DEVOPS: 202}
