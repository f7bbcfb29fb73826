"""With a keyboard alone: through the board to a release, into a form, and out of it again."""

from tests.browser.conftest import OpenAs, api
from tests.browser.team import LONG_STEPS, Team

_SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
MOST_STOPS = 80


def tab_to(page: "api.Page", selector: str) -> None:
    """Press Tab until this has the focus; every stop on the way can be seen."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate("() => document.activeElement.outerHTML.slice(0, 120)")
        assert page.evaluate(_SEEN), f"nobody sees that the focus is here: {stop}"
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} is not within {MOST_STOPS} stops")


def test_keys_alone_lead_from_the_board_into_a_form_and_back_out_of_it(
    open_as: OpenAs, team: Team
) -> None:
    team.register("typed", steps=LONG_STEPS)
    release = team.desk.begin("typed", "v1.1.0")
    team.desk.until_step(release)
    page = open_as(team, "devops")
    page.wait_for_selector("#heartbeat[data-state=live]")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.matches('.skip')")
    tab_to(page, f"#going-{release} a")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/releases/{release}")
    page.wait_for_selector("#heartbeat[data-state=live]")
    summary = '[data-verb="pause"] > summary'
    tab_to(page, summary)
    page.keyboard.press("Enter")
    page.wait_for_selector("#reason-pause:focus")
    page.keyboard.type("let us look")
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{summary}:focus")
    assert not page.is_visible("#reason-pause")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reason-pause:focus")
    assert page.input_value("#reason-pause") == "let us look"
    tab_to(page, '[data-verb="pause"] button[type=submit]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#actions .flash.safe")
    team.desk.until(release, "paused")
    team.tell(release, "roll_back", "the test is done")
