"""axe looks at every page, as a reader of either direction and in either light."""

from collections.abc import Iterator

import pytest
from tests.browser.conftest import OpenAs, api
from tests.browser.pages import Furnished, furnished

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def house() -> Iterator[Furnished]:
    with furnished() as made:
        yield made


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-GB", "fa-IR"])
def test_axe_finds_nothing_serious_on_any_page(
    language: str, theme: str, open_as: OpenAs, house: Furnished
) -> None:
    pages = {
        "admin": open_as(house.team, "admin", width=360, language=language, theme=theme),
        "qa": open_as(house.team, "qa", width=360, language=language, theme=theme),
        "devops": open_as(house.team, "devops", language=language, theme=theme),
        None: open_as(house.team, None, "/sign-in", language=language, theme=theme),
    }
    who = {"sign-off": "qa", "people": "admin", "release-held": "admin"}
    addresses = [(who.get(name, "devops"), name, path) for name, path in house.inside.items()]
    addresses += [(None, name, path) for name, path in house.outside.items()]
    found = {}
    for role, name, path in addresses:
        page = pages[role]
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok or name == "join-nothing", f"{path}: {answer.status}"
        if role is not None:
            page.wait_for_selector(
                ":is(#heartbeat[data-state=live], #heartbeat[data-state=still])", state="attached"
            )
        if name.startswith("release-"):
            page.wait_for_selector("#rollout", state="attached")
        for each in page.query_selector_all("main details:not([open])"):
            each.evaluate("(one) => { if (!one.hidden) one.open = true }")
        grave = graves(page)
        if grave:
            found[name] = grave
    assert found == {}
    pages["qa"].evaluate("() => document.querySelector('main').append(new Image())")
    assert [name for name, _ in graves(pages["qa"])] == ["image-alt"], "axe is blind"


def graves(page: "api.Page") -> list[tuple[str, list[str]]]:
    """What stands in somebody's way on a page, and where."""
    found = axe.Axe().run(page).response["violations"]
    return [
        (each["id"], [" ".join(map(str, node["target"])) for node in each["nodes"][:4]])
        for each in found
        if each["impact"] in GRAVE
    ]
