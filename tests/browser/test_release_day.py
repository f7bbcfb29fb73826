"""One release seen by several people at once, each in a browser of their own."""

import re
from datetime import datetime

from tests.browser.conftest import OpenAs
from tests.browser.team import GUARDED, LONG_STEPS, Team, told
from tests.e2e.customers import Customers

GENEROUS_SECONDS = 5.0
"""For a busy machine; what was measured is told, and is to be below one second on a quiet one."""
STAGE_WORDS = [
    *("rolling back", "verifying the rollback", "rolled back"),
    "بازگردان",
    *("откат", "откачен"),
]
"""What the stages of a way back are called in the three languages, or how the words begin."""
_WATCH = """([selector, words]) => {
  const shown = () => {
    const found = document.querySelector(selector)?.innerText ?? "";
    if (window.seenAt || !words.some((each) => found.includes(each))) return;
    window.seenAt = Date.now();
  };
  new MutationObserver(shown).observe(document.body, { subtree: true, childList: true, characterData: true });
  window.notReloaded = true;
}"""


def test_qa_signs_with_a_thumb_in_persian_and_a_tech_lead_sees_it_without_reloading(
    open_as: OpenAs, team: Team
) -> None:
    team.register("signed", gates="{smoke: required}")
    spec = team.folder / "signed" / "gonogo.yaml"
    spec.write_text(spec.read_text().replace("{smoke: required}", GUARDED))
    known = team.desk.get("/services/signed")
    body = {
        "spec": spec.read_text(),
        "path": str(spec),
        "repository": str(team.repository()),
        "replaces": known["digest"],
    }
    team.desk.post("/services", body)
    release = team.desk.begin("signed", "v1.1.0")
    team.desk.until(release, "held")
    lead = open_as(team, "tech_lead", f"/releases/{release}")
    lead.wait_for_selector("#heartbeat[data-state=live]")
    assert "sign-offs" in lead.inner_text("#gates")
    navigations: list[str] = []
    lead.on("framenavigated", lambda frame: navigations.append(frame.url))
    lead.evaluate("window.notReloaded = true")
    phone = open_as(
        team,
        "qa",
        "/services/signed/versions/v1.1.0/sign-off",
        width=360,
        language="fa-IR",
        zone="Asia/Tehran",
    )
    phone.wait_for_function("() => document.cookie.includes('gonogo_reader')")
    phone.wait_for_load_state()
    assert phone.get_attribute("html", "dir") == "rtl"
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    phone.tap(".sign-act:first-of-type > summary")
    phone.tap(".sign-act[open] button[type=submit]")
    phone.wait_for_selector(".receipt")
    receipt = phone.inner_text(".receipt")
    number = re.search("[۰-۹]+", receipt)
    assert number is not None, receipt
    signed = [each for each in team.desk.get("/audit?limit=200")["items"] if each["actor"] == "qa"]
    assert int(number[0]) in {each["sequence"] for each in signed}
    lead.wait_for_function("() => !document.querySelector('#gates .gate.blocks')")
    team.desk.until_step(release)
    lead.wait_for_selector("#release-state[data-stage=canary]", state="attached")
    assert navigations == []
    assert lead.evaluate("window.notReloaded")
    team.tell(release, "roll_back", "the test is done")


def test_devops_starts_it_the_canary_fails_and_everybody_sees_it_taken_back(
    open_as: OpenAs, team: Team
) -> None:
    service = team.register("fails")
    devops = open_as(team, "devops", "/services/fails/versions/bad")
    board = open_as(team, "product", "/", width=360)
    board.wait_for_selector("#heartbeat[data-state=live]")
    devops.click("#start button[type=submit]")
    devops.wait_for_url("**/releases/*")
    release = devops.url.rpartition("/")[2]
    pages = {
        "devops": devops,
        "qa on a phone": open_as(team, "qa", f"/releases/{release}", width=360, language="fa-IR"),
        "tech lead": open_as(team, "tech_lead", f"/releases/{release}", language="ru-RU"),
    }
    for page in pages.values():
        page.wait_for_selector("#heartbeat[data-state=live]")
        page.evaluate(_WATCH, ["#content .state", STAGE_WORDS])
    row = f"#going-{release}"
    board.wait_for_selector(row)
    board.evaluate(_WATCH, [row, STAGE_WORDS])
    pages["the board on a phone"] = board
    # The customers come once everybody looks: without them the release only waits for traffic.
    with Customers(service.port):
        team.desk.until(release, "rolled_back", within=120)
    events = team.desk.events(release)
    begun = next(each for each in events if each["data"].get("to") == "rolling_back")
    stored = datetime.fromisoformat(begun["at"]).timestamp()
    late = {}
    for name, page in pages.items():
        page.wait_for_function("() => window.seenAt")
        late[name] = round(page.evaluate("window.seenAt") / 1000 - stored, 3)
        assert page.evaluate("window.notReloaded")
    told({"seconds from the stored event to the page": late})
    assert max(late.values()) < GENEROUS_SECONDS
    devops.wait_for_selector("#release-state[data-stage=rolled_back]", state="attached")
    devops.wait_for_selector("text=Rolled back at")
    sentence = devops.inner_text(".answer")
    assert re.search(r"Exposure at most \d+\s?%, \d+ requests?, \d+ failed", sentence), sentence
    assert "Traffic confirmed on v1.0.0 at" in sentence


def test_of_two_who_press_at_once_one_wins_and_the_other_is_told_and_loses_no_word(
    open_as: OpenAs, team: Team
) -> None:
    team.register("contested", steps=LONG_STEPS)
    release = team.desk.begin("contested", "v1.1.0")
    team.desk.until_step(release)
    people = {"devops": "pause", "qa": "roll_back"}
    pages = {}
    for name, verb in people.items():
        page = open_as(team, name, f"/releases/{release}")
        page.wait_for_selector("#heartbeat[data-state=live]")
        page.click(f'[data-verb="{verb}"] > summary')
        page.fill(f"#reason-{verb}", f"{name} has a reason")
        pages[name] = page
    pages["qa"].fill("#typed-roll_back", "v1.1.0")
    for name, verb in people.items():
        # Pressed from within, so that neither waits for the other.
        press = f"document.querySelector('[data-verb={verb}] button[type=submit]').click()"
        pages[name].evaluate(f"setTimeout(() => {press}, 0)")
    for page in pages.values():
        page.wait_for_selector("#actions .flash.safe, #actions .flash.harm")
    won = [name for name, page in pages.items() if page.query_selector("#actions .flash.safe")]
    assert len(won) == 1
    winner = won[0]
    loser = next(name for name in people if name != winner)
    refusal = pages[loser].inner_text("#actions .flash.harm")
    assert f"{winner} was first" in refusal
    assert pages[loser].input_value(f"#reason-{people[loser]}") == f"{loser} has a reason"
    team.desk.until(release, "paused" if winner == "devops" else "rolled_back")
    if winner == "devops":
        team.tell(release, "roll_back", "the test is done")
