"""The first start of a desk, and a session that ends while somebody writes."""

from tests.browser.conftest import OpenAs
from tests.browser.team import LONG_STEPS, PASSWORD, Team, first_link
from tests.e2e.desk import DeskHouse


def test_the_link_of_the_first_start_makes_an_admin_who_stands_before_the_board(
    open_as: OpenAs,
) -> None:
    house = DeskHouse()
    try:
        house.start()
        link, _, secret = first_link(house)
        page = open_as(Team(house), None, f"/join?invitation={secret}", width=360)
        assert page.url == link
        page.fill("#name", "Ada")
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("button.first")
        page.wait_for_url("**/")
        page.wait_for_selector("#heartbeat[data-state=live]")
        assert page.inner_text("h1") == "Board"
        assert "No service is registered yet" in page.inner_text("main")
        assert "Ada" in page.inner_text("header")
        page.goto(link)
        assert page.inner_text("h1") == "This link opens nothing"
    finally:
        house.close()


def test_what_was_typed_when_the_session_ended_is_there_after_signing_in_again(
    open_as: OpenAs, team: Team
) -> None:
    team.register("expires", steps=LONG_STEPS)
    release = team.desk.begin("expires", "v1.1.0")
    team.desk.until_step(release)
    cookies = team.signed_in("devops")
    page = open_as(team, "devops", f"/releases/{release}", cookies=cookies)
    page.click('[data-verb="pause"] > summary')
    page.fill("#reason-pause", "the queue grows")
    team.end_sessions("devops", cookies)
    page.click('[data-verb="pause"] button[type=submit]')
    page.wait_for_url("**/sign-in?**")
    page.fill("#name", "devops")
    page.fill("#password", PASSWORD)
    page.click("button.first")
    page.wait_for_url(f"**/releases/{release}")
    page.click('[data-verb="pause"] .draft button >> nth=0')
    assert page.input_value("#reason-pause") == "the queue grows"
    page.click('[data-verb="pause"] button[type=submit]')
    page.wait_for_selector("#actions .flash.safe")
    said = team.desk.entry(release, "person:release:pause")
    assert said is not None
    assert said["data"]["reason"] == "the queue grows"
    team.tell(release, "roll_back", "the test is done")
