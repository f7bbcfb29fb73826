"""What goes wrong while somebody looks: the desk is started again, and texts that mean harm."""

import subprocess
from pathlib import Path

import pytest
from tests.browser.conftest import OpenAs
from tests.browser.team import LONG_STEPS, Team
from tests.e2e.conftest import small_repository_at

RIGHT_TO_LEFT = "\u202e"
HARM = (
    '<script>document.title = "taken over"</script><img src=x onerror="document.title=\'taken over\'">'
    f"{RIGHT_TO_LEFT}txt.exe "
)
LONGEST_REASON = 2_000
LONG = HARM + "0123456789" * ((10_000 - len(HARM)) // 10)


def test_a_page_says_that_the_desk_is_away_and_is_right_again_by_itself(
    open_as: OpenAs, own_team: Team
) -> None:
    page = open_as(own_team, "qa")
    page.wait_for_selector("#heartbeat[data-state=live]")
    page.evaluate("() => { window.notReloaded = true }")
    page.fill("#filter-service", "ada")
    own_team.desk.kill()
    page.wait_for_selector("#stale:not([hidden])")
    assert "Live updates are interrupted" in page.inner_text("#stale")
    own_team.desk.start()
    own_team.register("adagio", serving=None)
    page.wait_for_selector("#stale", state="hidden")
    page.wait_for_selector("#heartbeat[data-state=live]")
    page.wait_for_selector("text=adagio")
    assert page.input_value("#filter-service") == "ada"
    assert page.evaluate("() => window.notReloaded")


@pytest.fixture(scope="module")
def harmed(team: Team) -> str:
    """A release of a service about which everything that people write means harm; its id."""
    place: Path = team.folder / "hostile-repository"
    place.mkdir()
    small_repository_at(place)
    words = [
        "git",
        "-C",
        str(place),
        "-c",
        f"user.name={HARM[:60]}",
        "-c",
        "user.email=x@example.invalid",
    ]
    (place / "behaviour").write_text("good all the same")
    subprocess.run([*words, "commit", "--quiet", "--all", "-m", f"feat: {LONG}"], check=True)
    subprocess.run([*words, "tag", "v2.0.0"], check=True)
    team.register("hostile", repository=place, steps=LONG_STEPS)
    team.hand_over("hostile", "v2.0.0")
    release = team.desk.begin("hostile", "v2.0.0")
    team.desk.until_step(release)
    team.tell(release, "pause", LONG[:LONGEST_REASON])
    team.desk.until(release, "paused")
    team.desk.post("/services/hostile/freeze", {"on": True, "reason": LONG[:LONGEST_REASON]})
    return release


@pytest.mark.parametrize("language", ["en-GB", "fa-IR"])
def test_what_means_harm_is_shown_as_text_and_breaks_no_page(
    language: str, open_as: OpenAs, team: Team, harmed: str
) -> None:
    version = "/services/hostile/versions/v2.0.0"
    paths = (
        "/",
        f"/releases/{harmed}",
        "/services/hostile",
        version,
        f"{version}/sign-off",
        "/history",
    )
    page = open_as(team, "qa", width=360, language=language)
    wide = {}
    for path in (*paths, f"{version}?draft=1", "/audit"):
        page.goto(path)
        page.wait_for_load_state()
        assert "taken over" not in page.title()
        assert page.query_selector("main script, main img") is None
        assert RIGHT_TO_LEFT not in page.content()
        wide[path] = page.evaluate("() => document.documentElement.scrollWidth")
    page.goto(f"/releases/{harmed}")
    assert '<script>document.title = "taken over"</script>' in page.inner_text(".answer")
    assert {path: width for path, width in wide.items() if width > 360} == {}
